-- What every call shares. A call is one statement and so one transaction and one round trip: the arithmetic lives here.
-- Order of locks, the same in every function, so that no two can wait for each other: owners by partition; rows that are missing, inserted in the order of
-- their keys; budgets by id. Leases and campaign days change only under the lock of their day's budget and need none of their own.
-- Errors of ours: AB001 fenced (message: partition, held and stored epoch), AB002 refused.

-- UTC ticks of the database's clock.
CREATE FUNCTION ledger_now() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT 621355968000000000 + (extract(epoch FROM clock_timestamp()) * 10000000)::bigint $$;

CREATE FUNCTION ledger_check_held(held_partitions integer[], held_epochs bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    wrong record;
BEGIN
    PERFORM 1 FROM partition_owner o WHERE o.partition = ANY (held_partitions) ORDER BY o.partition FOR NO KEY UPDATE;
    SELECT h.partition, h.epoch, coalesce(o.epoch, 0) AS stored INTO wrong
    FROM unnest(held_partitions, held_epochs) AS h (partition, epoch) LEFT JOIN partition_owner o ON o.partition = h.partition
    WHERE o.epoch IS NULL OR o.epoch <> h.epoch LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% % %', wrong.partition, wrong.epoch, wrong.stored USING ERRCODE = 'AB001';
    END IF;
END
$$;

-- Makes the budget rows and campaign days that are missing, without any budget: money that came too early is counted and grants nothing.
CREATE FUNCTION ledger_ensure_days(tenants text[], campaigns text[], days integer[]) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM unnest(tenants, campaigns, days) AS w (tenant, campaign, day)
        WHERE NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.tenant = w.tenant AND d.campaign = w.campaign AND d.day = w.day)) THEN
        RETURN;
    END IF;
    INSERT INTO budget (scope, tenant, id, period, requested, budget)
    SELECT DISTINCT 0, w.tenant COLLATE "C", w.campaign COLLATE "C", w.day, 0, 0 FROM unnest(tenants, campaigns, days) AS w (tenant, campaign, day) ORDER BY 2, 3, 4
    ON CONFLICT DO NOTHING;
    INSERT INTO budget (scope, tenant, id, period)
    SELECT DISTINCT 1, w.tenant COLLATE "C", w.campaign COLLATE "C", 0 FROM unnest(tenants, campaigns) AS w (tenant, campaign) ORDER BY 2, 3
    ON CONFLICT DO NOTHING;
    INSERT INTO campaign_day (tenant, campaign, day, day_budget, flight_budget)
    SELECT w.tenant, w.campaign, w.day, b.budget_id, f.budget_id
    FROM (SELECT DISTINCT tenant COLLATE "C" AS tenant, campaign COLLATE "C" AS campaign, day FROM unnest(tenants, campaigns, days) AS u (tenant, campaign, day)) w
    JOIN budget b ON b.scope = 0 AND b.tenant = w.tenant AND b.id = w.campaign AND b.period = w.day
    JOIN budget f ON f.scope = 1 AND f.tenant = w.tenant AND f.id = w.campaign AND f.period = 0
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
END
$$;

-- Locks the budgets of campaign days. A campaign that changed its account in between makes the call begin anew.
CREATE FUNCTION ledger_lock(day_ids bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT s.id) INTO ids
    FROM campaign_day d CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id)
    WHERE d.campaign_day_id = ANY (day_ids) AND s.id IS NOT NULL;
    PERFORM 1 FROM budget b WHERE b.budget_id = ANY (ids) ORDER BY b.budget_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids) AND d.account_budget IS NOT NULL AND NOT d.account_budget = ANY (ids)) THEN
        RAISE EXCEPTION 'an account changed' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;

CREATE FUNCTION ledger_set_budgets(
    held_partitions integer[], held_epochs bigint[], tenants text[], campaigns text[], partitions integer[], days integer[],
    day_nanos bigint[], flight_nanos bigint[], accounts text[], account_nanos bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    day_ids bigint[];
    account_ids bigint[];
    ids bigint[];
    change record;
BEGIN
    PERFORM ledger_check_held(held_partitions, held_epochs);
    PERFORM ledger_ensure_days(tenants, campaigns, days);
    INSERT INTO budget (scope, tenant, id, period)
    SELECT DISTINCT 2, w.tenant COLLATE "C", w.account COLLATE "C", w.day FROM unnest(tenants, accounts, days) AS w (tenant, account, day)
    WHERE w.account IS NOT NULL ORDER BY 2, 3, 4
    ON CONFLICT DO NOTHING;

    -- One entry for each setting, in their order.
    SELECT array_agg(d.campaign_day_id ORDER BY w.n), array_agg(a.budget_id ORDER BY w.n) INTO day_ids, account_ids
    FROM unnest(tenants, campaigns, days, accounts) WITH ORDINALITY AS w (tenant, campaign, day, account, n)
    JOIN campaign_day d ON d.tenant = w.tenant AND d.campaign = w.campaign AND d.day = w.day
    LEFT JOIN budget a ON a.scope = 2 AND a.tenant = w.tenant AND a.id = w.account AND a.period = w.day;

    -- The accounts that are left and those that are joined, in one order with everything else.
    SELECT array_agg(DISTINCT s.id) INTO ids
    FROM (
        SELECT unnest(ARRAY[d.day_budget, d.flight_budget, d.account_budget]) FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids)
        UNION ALL SELECT unnest(account_ids)) AS s (id)
    WHERE s.id IS NOT NULL;
    PERFORM 1 FROM budget b WHERE b.budget_id = ANY (ids) ORDER BY b.budget_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids) AND d.account_budget IS NOT NULL AND NOT d.account_budget = ANY (ids)) THEN
        RAISE EXCEPTION 'an account changed' USING ERRCODE = 'serialization_failure';
    END IF;

    UPDATE campaign_day d SET partition = w.partition
    FROM unnest(day_ids, partitions) AS w (id, partition) WHERE d.campaign_day_id = w.id AND d.partition IS DISTINCT FROM w.partition;

    -- Of several settings the last one counts; an account keeps its limit when the last one states none.
    UPDATE budget b SET requested = l.nanos, budget = CASE WHEN l.nanos IS NULL THEN NULL ELSE greatest(l.nanos, b.settled + b.outstanding - b.raised) END
    FROM (
        SELECT DISTINCT ON (s.id) s.id, s.nanos
        FROM unnest(day_ids, account_ids, day_nanos, flight_nanos, account_nanos) WITH ORDINALITY AS w (day_id, account, day_limit, flight_limit, account_limit, n)
        JOIN campaign_day d ON d.campaign_day_id = w.day_id
        CROSS JOIN LATERAL (VALUES (d.day_budget, w.day_limit, true), (d.flight_budget, w.flight_limit, true), (w.account, w.account_limit, w.account_limit IS NOT NULL)) AS s (id, nanos, counts)
        WHERE s.id IS NOT NULL AND s.counts
        ORDER BY s.id, w.n DESC) l
    WHERE b.budget_id = l.id;

    -- A day takes its sums along to another account: otherwise a later correction would take from an account that never had them.
    FOR change IN
        SELECT d.campaign_day_id, d.account_budget AS old, w.account AS new, b.settled, b.outstanding
        FROM (SELECT DISTINCT ON (u.day_id) u.day_id, u.account FROM unnest(day_ids, account_ids) WITH ORDINALITY AS u (day_id, account, n) ORDER BY u.day_id, u.n DESC) w
        JOIN campaign_day d ON d.campaign_day_id = w.day_id JOIN budget b ON b.budget_id = d.day_budget
        WHERE d.account_budget IS DISTINCT FROM w.account
    LOOP
        UPDATE budget b SET settled = b.settled + m.settled, outstanding = b.outstanding + m.outstanding,
            budget = CASE WHEN b.requested IS NULL THEN NULL ELSE greatest(b.requested, b.settled + b.outstanding + m.settled + m.outstanding - b.raised) END
        FROM (VALUES (change.old, -change.settled, -change.outstanding), (change.new, change.settled, change.outstanding)) AS m (id, settled, outstanding)
        WHERE b.budget_id = m.id;
        UPDATE campaign_day SET account_budget = change.new WHERE campaign_day_id = change.campaign_day_id;
    END LOOP;
END
$$;
