-- One commit: everything or nothing, in the order settlements, outside bills, adjustments, closed leases, states, dedupe blocks, offsets.
-- Returns what the outside bills left over, by their position from 1. A commit that was applied before returns what it returned then.
CREATE FUNCTION ledger_commit(
    held_partitions integer[], held_epochs bigint[], number bigint,
    settle_leases bigint[], settle_nanos bigint[],
    bill_leases bigint[], bill_tenants text[], bill_campaigns text[], bill_days integer[], bill_nanos bigint[], bill_high bigint[], bill_low bigint[], bill_times bigint[],
    adj_tenants text[], adj_campaigns text[], adj_days integer[], adj_nanos bigint[], adj_causes text[], adj_high bigint[], adj_low bigint[], adj_times bigint[],
    closed_leases bigint[],
    state_tenants text[], state_campaigns text[], state_days integer[], state_partitions integer[], state_blobs bytea[],
    drop_partitions integer[], drop_kinds smallint[], drop_keys bigint[],
    seen_partitions integer[], seen_kinds smallint[], seen_keys bigint[], seen_blobs bytea[],
    offset_topics text[], offset_partitions integer[], offset_nexts bigint[])
RETURNS TABLE (out_bill integer, out_day integer, out_nanos bigint, out_cause text) LANGUAGE plpgsql AS
$$
DECLARE
    same bigint;
    later bigint;
    bad record;
    on_time bigint[] := ARRAY[]::bigint[];
    counted_days integer[] := ARRAY[]::integer[];
    causes text[] := ARRAY[]::text[];
    all_tenants text[];
    all_campaigns text[];
    all_days integer[];
    all_nanos bigint[];
BEGIN
    PERFORM ledger_check_held(held_partitions, held_epochs);
    IF number > 0 AND cardinality(held_partitions) > 0 THEN
        SELECT count(*) FILTER (WHERE o.sequence = number), count(*) FILTER (WHERE o.sequence > number) INTO same, later
        FROM partition_owner o WHERE o.partition = ANY (held_partitions);
        IF same = cardinality(held_partitions) THEN
            RETURN QUERY
                SELECT w.n::integer, a.day, a.amount, a.cause
                FROM unnest(bill_tenants, bill_campaigns, bill_high, bill_low, bill_times) WITH ORDINALITY AS w (tenant, campaign, high, low, at, n)
                CROSS JOIN LATERAL (
                    SELECT a.day, a.amount, a.cause FROM adjustment a
                    WHERE a.tenant = w.tenant AND a.campaign = w.campaign AND a.identity_high = w.high AND a.identity_low = w.low AND a.time = w.at
                    ORDER BY a.adjustment_id DESC LIMIT 1) a
                ORDER BY w.n;
            RETURN;
        END IF;
        IF same > 0 OR later > 0 THEN
            RAISE EXCEPTION 'Commit % comes after a later one, or with other partitions than before.', number USING ERRCODE = 'AB002';
        END IF;
        UPDATE partition_owner o SET sequence = number WHERE o.partition = ANY (held_partitions);
    END IF;

    -- Days that money counts on without a lease of theirs.
    IF cardinality(adj_nanos) + cardinality(bill_nanos) > 0 THEN
        SELECT array_agg(u.tenant), array_agg(u.campaign), array_agg(u.day) INTO all_tenants, all_campaigns, all_days
        FROM (
            SELECT w.tenant, w.campaign, w.day FROM unnest(adj_tenants, adj_campaigns, adj_days) AS w (tenant, campaign, day)
            UNION ALL
            SELECT w.tenant, w.campaign, w.day FROM unnest(bill_leases, bill_tenants, bill_campaigns, bill_days, bill_nanos) AS w (lease, tenant, campaign, day, nanos)
            WHERE w.nanos > 0 AND NOT EXISTS (
                SELECT 1 FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day
                WHERE l.lease_id = w.lease AND d.tenant = w.tenant AND d.campaign = w.campaign)) u;
        PERFORM ledger_ensure_days(all_tenants, all_campaigns, all_days);
    END IF;
    PERFORM ledger_check_known(settle_leases);
    PERFORM ledger_check_known(closed_leases);
    PERFORM ledger_lock(ARRAY(
        SELECT l.campaign_day FROM lease l WHERE l.lease_id = ANY (settle_leases) OR l.lease_id = ANY (bill_leases) OR l.lease_id = ANY (closed_leases)
        UNION
        SELECT d.campaign_day_id FROM unnest(all_tenants, all_campaigns, all_days) AS w (tenant, campaign, day)
        JOIN campaign_day d ON d.tenant = w.tenant AND d.campaign = w.campaign AND d.day = w.day));

    IF cardinality(settle_leases) > 0 THEN
        SELECT l.lease_id, l.state, l.granted - l.settled AS unused, w.wanted INTO bad
        FROM (SELECT s.id, sum(s.nanos) AS wanted, min(s.nanos) AS least FROM unnest(settle_leases, settle_nanos) AS s (id, nanos) GROUP BY s.id) w
        JOIN lease l ON l.lease_id = w.id
        WHERE l.state <> 0 OR w.least < 0 OR w.wanted > l.granted - l.settled LIMIT 1;
        IF FOUND THEN
            IF bad.state <> 0 THEN
                RAISE EXCEPTION 'Lease % has ended: what is billed now is an adjustment.', bad.lease_id USING ERRCODE = 'AB002';
            END IF;
            RAISE EXCEPTION 'Lease % has % nanos left and cannot settle %.', bad.lease_id, bad.unused, bad.wanted USING ERRCODE = 'AB002';
        END IF;
        UPDATE lease l SET settled = l.settled + w.wanted
        FROM (SELECT s.id, sum(s.nanos)::bigint AS wanted FROM unnest(settle_leases, settle_nanos) AS s (id, nanos) GROUP BY s.id) w WHERE l.lease_id = w.id;
    END IF;

    IF cardinality(bill_leases) > 0 THEN
        -- Bills of a lease take what is left in their order: each the part of it that lies between the sums before and after it.
        SELECT array_agg(c.on_time ORDER BY c.n), array_agg(c.day ORDER BY c.n), array_agg(c.cause ORDER BY c.n) INTO on_time, counted_days, causes
        FROM (
            SELECT w.n, CASE WHEN w.own THEN w.lease_day ELSE w.day END AS day,
                CASE WHEN w.own AND w.state = 0 THEN (least(w.unused, w.upto) - least(w.unused, w.upto - w.nanos))::bigint ELSE 0 END AS on_time,
                CASE WHEN w.state IS NULL THEN 'late-win' WHEN NOT w.own THEN 'foreign-lease' WHEN w.state <> 0 THEN 'late-win' ELSE 'lease-exhausted' END AS cause
            FROM (
                SELECT j.*, sum(j.nanos) OVER (PARTITION BY j.lease, j.own ORDER BY j.n) AS upto
                FROM (
                    SELECT b.n, b.lease, b.day, b.nanos, l.state, l.granted - l.settled AS unused, d.day AS lease_day,
                        coalesce(d.tenant = b.tenant AND d.campaign = b.campaign, false) AS own
                    FROM unnest(bill_leases, bill_tenants, bill_campaigns, bill_days, bill_nanos) WITH ORDINALITY AS b (lease, tenant, campaign, day, nanos, n)
                    LEFT JOIN lease l ON l.lease_id = b.lease LEFT JOIN campaign_day d ON d.campaign_day_id = l.campaign_day) j) w) c;
        UPDATE lease l SET settled = l.settled + w.paid
        FROM (SELECT b.lease, sum(b.nanos)::bigint AS paid FROM unnest(bill_leases, on_time) AS b (lease, nanos) GROUP BY b.lease) w
        WHERE l.lease_id = w.lease AND w.paid > 0;
    END IF;

    UPDATE budget b SET outstanding = b.outstanding - w.nanos, settled = b.settled + w.nanos
    FROM (
        SELECT s.id, sum(p.nanos)::bigint AS nanos
        FROM (SELECT * FROM unnest(settle_leases, settle_nanos) UNION ALL SELECT * FROM unnest(bill_leases, on_time)) AS p (lease, nanos)
        JOIN lease l ON l.lease_id = p.lease JOIN campaign_day d ON d.campaign_day_id = l.campaign_day
        CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id)
        WHERE s.id IS NOT NULL AND p.nanos > 0 GROUP BY s.id) w
    WHERE b.budget_id = w.id;

    -- The rests of the bills, then the adjustments of the commit.
    SELECT array_agg(u.tenant ORDER BY u.part, u.n), array_agg(u.campaign ORDER BY u.part, u.n), array_agg(u.day ORDER BY u.part, u.n), array_agg(u.nanos ORDER BY u.part, u.n)
    INTO all_tenants, all_campaigns, all_days, all_nanos
    FROM (
        SELECT 0 AS part, b.n, b.tenant, b.campaign, b.day, b.nanos - b.paid AS nanos
        FROM unnest(bill_tenants, bill_campaigns, counted_days, bill_nanos, on_time) WITH ORDINALITY AS b (tenant, campaign, day, nanos, paid, n) WHERE b.nanos > b.paid
        UNION ALL
        SELECT 1, a.n, a.tenant, a.campaign, a.day, a.nanos FROM unnest(adj_tenants, adj_campaigns, adj_days, adj_nanos) WITH ORDINALITY AS a (tenant, campaign, day, nanos, n)) u;
    IF all_nanos IS NOT NULL THEN
        SELECT r.nanos, r.campaign, r.day INTO bad
        FROM (
            SELECT a.n, a.nanos, a.campaign, a.day, s.id, sum(a.nanos) OVER (PARTITION BY s.id ORDER BY a.n) AS upto
            FROM unnest(all_tenants, all_campaigns, all_days, all_nanos) WITH ORDINALITY AS a (tenant, campaign, day, nanos, n)
            JOIN campaign_day d ON d.tenant = a.tenant AND d.campaign = a.campaign AND d.day = a.day
            CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id) WHERE s.id IS NOT NULL) r
        JOIN budget b ON b.budget_id = r.id WHERE b.settled + r.upto < 0 ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'An adjustment of % nanos would take campaign % below 0 settled on %.', bad.nanos, bad.campaign, bad.day USING ERRCODE = 'AB002';
        END IF;
        -- raised after each one is max(0, raised + amount): a correction downwards first takes back what earlier ones raised. Written for all at once:
        UPDATE budget b SET settled = b.settled + w.total, raised = w.total + greatest(b.raised, -w.lowest),
            budget = CASE WHEN b.requested IS NULL THEN NULL
                ELSE greatest(b.requested, b.settled + b.outstanding + w.total - (w.total + greatest(b.raised, -w.lowest))) END
        FROM (
            SELECT r.id, sum(r.nanos)::bigint AS total, min(r.upto)::bigint AS lowest
            FROM (
                SELECT a.nanos, s.id, sum(a.nanos) OVER (PARTITION BY s.id ORDER BY a.n) AS upto
                FROM unnest(all_tenants, all_campaigns, all_days, all_nanos) WITH ORDINALITY AS a (tenant, campaign, day, nanos, n)
                JOIN campaign_day d ON d.tenant = a.tenant AND d.campaign = a.campaign AND d.day = a.day
                CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id) WHERE s.id IS NOT NULL) r
            GROUP BY r.id) w
        WHERE b.budget_id = w.id;
        INSERT INTO adjustment (tenant, campaign, day, amount, cause, identity_high, identity_low, time)
        SELECT b.tenant, b.campaign, b.day, b.nanos - b.paid, b.cause, b.high, b.low, b.at
        FROM unnest(bill_tenants, bill_campaigns, counted_days, bill_nanos, on_time, causes, bill_high, bill_low, bill_times)
            WITH ORDINALITY AS b (tenant, campaign, day, nanos, paid, cause, high, low, at, n) WHERE b.nanos > b.paid ORDER BY b.n;
        INSERT INTO adjustment (tenant, campaign, day, amount, cause, identity_high, identity_low, time)
        SELECT a.tenant, a.campaign, a.day, a.nanos, a.cause, a.high, a.low, a.at
        FROM unnest(adj_tenants, adj_campaigns, adj_days, adj_nanos, adj_causes, adj_high, adj_low, adj_times)
            WITH ORDINALITY AS a (tenant, campaign, day, nanos, cause, high, low, at, n) ORDER BY a.n;
    END IF;

    IF cardinality(closed_leases) > 0 THEN PERFORM ledger_end(closed_leases, 1::smallint); END IF;

    IF cardinality(state_days) > 0 THEN
        DELETE FROM campaign_state s USING unnest(state_tenants, state_campaigns, state_days, state_blobs) AS w (tenant, campaign, day, blob)
        WHERE octet_length(w.blob) = 0 AND s.tenant = w.tenant AND s.campaign = w.campaign AND s.day = w.day;
        INSERT INTO campaign_state (tenant, campaign, day, partition, blob)
        SELECT w.tenant, w.campaign, w.day, w.partition, w.blob
        FROM unnest(state_tenants, state_campaigns, state_days, state_partitions, state_blobs) AS w (tenant, campaign, day, partition, blob) WHERE octet_length(w.blob) > 0
        ON CONFLICT (tenant, campaign, day) DO UPDATE SET partition = excluded.partition, blob = excluded.blob;
    END IF;

    IF cardinality(drop_keys) > 0 THEN
        DELETE FROM seen_block s USING unnest(drop_partitions, drop_kinds, drop_keys) AS w (partition, kind, key)
        WHERE s.partition = w.partition AND s.kind = w.kind AND s.key = w.key;
    END IF;
    INSERT INTO seen_block (partition, kind, key, blob)
    SELECT w.partition, w.kind, w.key, w.blob FROM unnest(seen_partitions, seen_kinds, seen_keys, seen_blobs) WITH ORDINALITY AS w (partition, kind, key, blob, n) ORDER BY w.n;
    INSERT INTO partition_offset (topic, partition, next)
    SELECT w.topic, w.partition, w.next FROM unnest(offset_topics, offset_partitions, offset_nexts) AS w (topic, partition, next)
    ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next;

    RETURN QUERY
        SELECT b.n::integer, b.day, b.nanos - b.paid, b.cause
        FROM unnest(counted_days, bill_nanos, on_time, causes) WITH ORDINALITY AS b (day, nanos, paid, cause, n) WHERE b.nanos > b.paid ORDER BY b.n;
END
$$;
