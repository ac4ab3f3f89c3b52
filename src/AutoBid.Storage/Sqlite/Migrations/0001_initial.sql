-- Money is int64 nanos, times are int64 UTC ticks. STRICT: an integer that overflows would otherwise become a float without a word.

CREATE TABLE campaign (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_by_tenant ON campaign (tenant, id);

-- Changes that autobid.campaigns has not seen yet, in the order they were made.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL
) STRICT;

-- document is the campaign as first answered: a repeat gets that, whatever was changed since.
CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    campaign TEXT NOT NULL REFERENCES campaign (id),
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- scope: 0 day (id = campaign, period = yyyymmdd), 1 flight (id = campaign, period 0), 2 account (id = account, period = yyyymmdd).
-- requested is the limit that was set and that grants obey; NULL: the scope is counted but not limited.
-- budget is requested, or while that is below what is spent and leased, this amount: it falls as leases return.
-- raised is what adjustments added outside every lease: the only way for a scope to exceed its budget.
CREATE TABLE budget (
    budget_id INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    period INTEGER NOT NULL,
    requested INTEGER CHECK (requested >= 0),
    budget INTEGER,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled >= 0),
    outstanding INTEGER NOT NULL DEFAULT 0 CHECK (outstanding >= 0),
    raised INTEGER NOT NULL DEFAULT 0 CHECK (raised >= 0),
    UNIQUE (scope, tenant, id, period),
    CHECK ((requested IS NULL) = (budget IS NULL)),
    CHECK (requested <= budget),
    CHECK (settled + outstanding <= budget + raised)
) STRICT;

-- Owner of each partition of the keyed topics, and the number of its last commit under this epoch.
CREATE TABLE partition_owner (
    partition INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    node TEXT NOT NULL,
    sequence INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row: the partition count with which the ledger was made.
CREATE TABLE topic_layout (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    partitions INTEGER NOT NULL
) STRICT;

CREATE TABLE node (
    name TEXT NOT NULL PRIMARY KEY,
    seen_at INTEGER NOT NULL,
    stats_through INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The scopes that one day of one campaign debits. The sums of an account are those of the campaign days that point at it.
-- partition is NULL until the budgets of the day are set: money that came before them does not know it, and no lease can exist.
CREATE TABLE campaign_day (
    campaign_day_id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    campaign TEXT NOT NULL,
    day INTEGER NOT NULL,
    partition INTEGER,
    day_budget INTEGER NOT NULL REFERENCES budget (budget_id),
    flight_budget INTEGER NOT NULL REFERENCES budget (budget_id),
    account_budget INTEGER REFERENCES budget (budget_id),
    UNIQUE (tenant, campaign, day)
) STRICT;

-- state: 0 open, 1 closed by its node, 2 reclaimed after its expiry. Ids are never used twice: bids carry them.
CREATE TABLE lease (
    lease_id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign_day INTEGER NOT NULL REFERENCES campaign_day (campaign_day_id),
    node TEXT NOT NULL,
    granted INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND granted),
    expires_at INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX lease_open ON lease (campaign_day, node) WHERE state = 0;
CREATE INDEX lease_open_by_expiry ON lease (expires_at) WHERE state = 0;

CREATE TABLE adjustment (
    adjustment_id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    campaign TEXT NOT NULL,
    day INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    cause TEXT NOT NULL,
    identity_high INTEGER NOT NULL,
    identity_low INTEGER NOT NULL,
    time INTEGER NOT NULL
) STRICT;

CREATE INDEX adjustment_by_campaign ON adjustment (tenant, campaign, day);

CREATE TABLE campaign_state (
    tenant TEXT NOT NULL,
    campaign TEXT NOT NULL,
    day INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (tenant, campaign, day)
) STRICT;

CREATE INDEX campaign_state_by_partition ON campaign_state (partition);

-- Dedupe state of the engine, opaque here; kind as SeenKind. Blocks of one key are read in the order of n, in which they were appended.
CREATE TABLE seen_block (
    n INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;

CREATE INDEX seen_block_by_key ON seen_block (partition, kind, key);

CREATE TABLE partition_offset (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    prefix TEXT NOT NULL PRIMARY KEY,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    tenant TEXT NOT NULL,
    scopes TEXT NOT NULL,
    tenants TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
