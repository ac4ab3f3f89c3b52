-- Grants everything that is asked for: the caller locked the budgets of these days and found the room, and no two requests are for one lease.
CREATE FUNCTION ledger_grant_all(
    day_ids bigint[], nodes text[], amounts bigint[], now_ticks bigint[], life_ticks bigint[], by_event_time boolean, locked_at bigint)
RETURNS TABLE (granted_id bigint, granted_now bigint, remaining bigint, expires bigint, settled_sum bigint, granted_sum bigint, life bigint) LANGUAGE sql AS
$$
    WITH asked AS MATERIALIZED (
        SELECT w.n, w.node, w.amount, CASE WHEN by_event_time THEN w.now_at ELSE locked_at END AS asked_at, w.lasts,
            d.campaign_day_id AS day_id, d.day_budget, d.flight_budget, d.account_budget, l.lease_id
        FROM unnest(day_ids, nodes, amounts, now_ticks, life_ticks) WITH ORDINALITY AS w (day_id, node, amount, now_at, lasts, n)
        LEFT JOIN campaign_day d ON d.campaign_day_id = w.day_id
        LEFT JOIN lease l ON l.campaign_day = d.campaign_day_id AND l.node = w.node AND l.state = 0),
    scopes AS (
        SELECT a.n, s.id, a.amount, sum(a.amount) OVER (PARTITION BY s.id ORDER BY a.n) AS upto
        FROM asked a CROSS JOIN LATERAL (VALUES (a.day_budget), (a.flight_budget), (a.account_budget)) AS s (id) WHERE s.id IS NOT NULL),
    -- Read as they were before the statement.
    unused AS (
        SELECT s.n, min(coalesce(b.requested, 9223372036854775807) - b.settled - b.outstanding - s.upto)::bigint AS nanos
        FROM scopes s JOIN budget b ON b.budget_id = s.id GROUP BY s.n),
    -- The budget is not raised along: the table's check would refuse a grant that the room did not cover.
    debited AS (
        UPDATE budget b SET outstanding = b.outstanding + t.nanos
        FROM (SELECT s.id, sum(s.amount)::bigint AS nanos FROM scopes s GROUP BY s.id) t WHERE b.budget_id = t.id AND t.nanos > 0),
    renewed AS (
        UPDATE lease l SET granted = l.granted + a.amount, expires_at = greatest(l.expires_at, a.asked_at + a.lasts)
        FROM asked a WHERE l.lease_id = a.lease_id RETURNING a.n, l.lease_id, l.expires_at, l.settled, l.granted),
    opened AS (
        INSERT INTO lease (campaign_day, node, granted, expires_at)
        SELECT a.day_id, a.node, a.amount, a.asked_at + a.lasts FROM asked a WHERE a.day_id IS NOT NULL AND a.lease_id IS NULL AND a.amount > 0 ORDER BY a.n
        RETURNING campaign_day, node, lease_id, expires_at, settled, granted)
    SELECT coalesce(r.lease_id, o.lease_id, 0), CASE WHEN a.day_id IS NULL THEN 0 ELSE a.amount END, greatest(coalesce(u.nanos, 0), 0),
        coalesce(r.expires_at, o.expires_at, 0), coalesce(r.settled, o.settled, 0), coalesce(r.granted, o.granted, 0),
        coalesce(r.expires_at - a.asked_at, o.expires_at - a.asked_at, 0)
    FROM asked a LEFT JOIN unused u ON u.n = a.n LEFT JOIN renewed r ON r.n = a.n LEFT JOIN opened o ON o.campaign_day = a.day_id AND o.node = a.node
    ORDER BY a.n
$$;

-- Grants in the order of the requests; one row for each. by_event_time: the requests' own clock counts, else the database's.
CREATE FUNCTION ledger_grant(
    tenants text[], campaigns text[], days integer[], nodes text[], amounts bigint[], now_ticks bigint[], life_ticks bigint[], by_event_time boolean)
RETURNS TABLE (granted_id bigint, granted_now bigint, remaining bigint, expires bigint, settled_sum bigint, granted_sum bigint, life bigint) LANGUAGE plpgsql AS
$$
DECLARE
    request record;
    day_ids bigint[];
    room bigint;
    locked_at bigint;
    asked_at bigint;
    has_room boolean;
BEGIN
    -- One entry for each request, NULL where its day has no budgets. Looked up once, before the locks: a day that is made while they are waited for is not
    -- locked and must not be granted from.
    SELECT array_agg(d.campaign_day_id ORDER BY w.n) INTO day_ids
    FROM unnest(tenants, campaigns, days) WITH ORDINALITY AS w (tenant, campaign, day, n)
    LEFT JOIN campaign_day d ON d.tenant = w.tenant AND d.campaign = w.campaign AND d.day = w.day;
    PERFORM ledger_lock(day_ids);
    -- After the locks were had: while they were waited for, time went by.
    locked_at := ledger_now();

    -- Nearly always there is room for everything that is asked for: then all of it is granted by a few statements, whatever the number of requests.
    SELECT coalesce(bool_and(coalesce(b.requested, 9223372036854775807) - b.settled - b.outstanding >= asked.nanos), true) INTO has_room
    FROM (
        SELECT s.id, sum(w.amount) AS nanos
        FROM unnest(day_ids, amounts) AS w (day_id, amount)
        JOIN campaign_day d ON d.campaign_day_id = w.day_id
        CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id)
        WHERE s.id IS NOT NULL GROUP BY s.id) asked
    JOIN budget b ON b.budget_id = asked.id;
    IF has_room AND NOT EXISTS (SELECT 1 FROM unnest(day_ids, nodes) AS w (day_id, node) WHERE w.day_id IS NOT NULL GROUP BY w.day_id, w.node HAVING count(*) > 1) THEN
        RETURN QUERY SELECT * FROM ledger_grant_all(day_ids, nodes, amounts, now_ticks, life_ticks, by_event_time, locked_at);
        RETURN;
    END IF;

    -- The rows come out of arrays: element i of an array of texts is found by walking through those before it.
    FOR request IN
        SELECT w.node, w.amount, w.now_at, w.lasts, d.campaign_day_id AS day_id, d.day_budget, d.flight_budget, d.account_budget
        FROM unnest(day_ids, nodes, amounts, now_ticks, life_ticks) WITH ORDINALITY AS w (day_id, node, amount, now_at, lasts, n)
        LEFT JOIN campaign_day d ON d.campaign_day_id = w.day_id
        ORDER BY w.n
    LOOP
        granted_id := 0; granted_now := 0; remaining := 0; expires := 0; settled_sum := 0; granted_sum := 0; life := 0;
        asked_at := CASE WHEN by_event_time THEN request.now_at ELSE locked_at END;
        IF request.day_id IS NOT NULL THEN
            SELECT greatest(0, min(coalesce(b.requested, 9223372036854775807) - b.settled - b.outstanding)) INTO room
            FROM budget b WHERE b.budget_id IN (request.day_budget, request.flight_budget, request.account_budget);
            granted_now := least(request.amount, room);
            remaining := room - granted_now;
            IF granted_now > 0 THEN
                -- The budget is not raised along: the table's check would refuse a grant that the room above did not cover.
                UPDATE budget b SET outstanding = b.outstanding + granted_now WHERE b.budget_id IN (request.day_budget, request.flight_budget, request.account_budget);
                INSERT INTO lease AS l (campaign_day, node, granted, expires_at) VALUES (request.day_id, request.node, granted_now, asked_at + request.lasts)
                ON CONFLICT (campaign_day, node) WHERE state = 0
                DO UPDATE SET granted = l.granted + excluded.granted, expires_at = greatest(l.expires_at, excluded.expires_at)
                RETURNING l.lease_id, l.expires_at, l.settled, l.granted INTO granted_id, expires, settled_sum, granted_sum;
            ELSE
                UPDATE lease l SET expires_at = greatest(l.expires_at, asked_at + request.lasts)
                WHERE l.campaign_day = request.day_id AND l.node = request.node AND l.state = 0
                RETURNING l.lease_id, l.expires_at, l.settled, l.granted INTO granted_id, expires, settled_sum, granted_sum;
                IF NOT FOUND THEN granted_id := 0; expires := 0; settled_sum := 0; granted_sum := 0; END IF;
            END IF;
            IF granted_id > 0 THEN life := expires - asked_at; END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Ends open leases whose budgets are locked: what they never settled returns.
CREATE FUNCTION ledger_end(ids bigint[], end_state smallint) RETURNS void LANGUAGE sql AS
$$
    WITH ended AS (
        UPDATE lease l SET state = end_state WHERE l.lease_id = ANY (ids) AND l.state = 0 RETURNING l.campaign_day, l.granted - l.settled AS unused),
    returned AS (
        SELECT s.id, sum(e.unused)::bigint AS nanos
        FROM ended e JOIN campaign_day d ON d.campaign_day_id = e.campaign_day
        CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id)
        WHERE s.id IS NOT NULL GROUP BY s.id)
    UPDATE budget b SET outstanding = b.outstanding - r.nanos,
        budget = CASE WHEN b.requested IS NULL THEN NULL ELSE greatest(b.requested, b.settled + b.outstanding - r.nanos - b.raised) END
    FROM returned r WHERE b.budget_id = r.id;
$$;

CREATE FUNCTION ledger_check_known(ids bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    unknown bigint;
BEGIN
    SELECT w.id INTO unknown FROM unnest(ids) AS w (id) WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.lease_id = w.id) LIMIT 1;
    IF FOUND THEN RAISE EXCEPTION 'Lease % is unknown.', unknown USING ERRCODE = 'AB002'; END IF;
END
$$;

CREATE FUNCTION ledger_return(ids bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    PERFORM ledger_check_known(ids);
    PERFORM ledger_lock(ARRAY(SELECT l.campaign_day FROM lease l WHERE l.lease_id = ANY (ids)));
    PERFORM ledger_end(ids, 1::smallint);
END
$$;

-- At most so many leases, so that the budgets of a node's many campaigns are not locked for long.
CREATE FUNCTION ledger_reclaim(except_node text, now_ticks bigint, after_expiry bigint, by_event_time boolean, at_most integer) RETURNS bigint[] LANGUAGE plpgsql AS
$$
DECLARE
    before bigint := CASE WHEN by_event_time THEN now_ticks ELSE ledger_now() END - after_expiry;
    ids bigint[];
BEGIN
    SELECT array_agg(e.lease_id) INTO ids
    FROM (SELECT l.lease_id FROM lease l WHERE l.state = 0 AND l.expires_at < before AND l.node IS DISTINCT FROM except_node ORDER BY l.lease_id LIMIT at_most) e;
    IF ids IS NULL THEN RETURN ARRAY[]::bigint[]; END IF;
    PERFORM ledger_lock(ARRAY(SELECT l.campaign_day FROM lease l WHERE l.lease_id = ANY (ids)));
    -- One that was renewed or ended while the locks were waited for stays as it is.
    ids := ARRAY(SELECT l.lease_id FROM lease l WHERE l.lease_id = ANY (ids) AND l.state = 0 AND l.expires_at < before ORDER BY l.lease_id);
    PERFORM ledger_end(ids, 2::smallint);
    RETURN ids;
END
$$;

CREATE FUNCTION ledger_heartbeat(this_node text, now_ticks bigint, through bigint, life bigint, memory bigint, by_event_time boolean)
RETURNS TABLE (live_name text, live_through bigint) LANGUAGE plpgsql AS
$$
DECLARE
    beat_at bigint := CASE WHEN by_event_time THEN now_ticks ELSE ledger_now() END;
BEGIN
    INSERT INTO node AS n (name, seen_at, stats_through) VALUES (this_node, beat_at, through)
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, stats_through = excluded.stats_through;
    DELETE FROM node WHERE name IN (SELECT o.name FROM node o WHERE o.seen_at < beat_at - greatest(life, memory) FOR UPDATE SKIP LOCKED);
    RETURN QUERY SELECT n.name, n.stats_through FROM node n WHERE n.seen_at >= beat_at - life ORDER BY n.name COLLATE "C";
END
$$;

CREATE FUNCTION ledger_claim(this_node text, partitions integer[], partition_count integer)
RETURNS TABLE (claimed integer, new_epoch bigint, old_epoch bigint, old_node text) LANGUAGE plpgsql AS
$$
DECLARE
    stored integer;
BEGIN
    INSERT INTO topic_layout (only_row, partitions) VALUES (1, partition_count) ON CONFLICT DO NOTHING;
    SELECT t.partitions INTO stored FROM topic_layout t;
    IF stored <> partition_count THEN
        RAISE EXCEPTION 'The ledger was made for % partitions; the event log has %.', stored, partition_count USING ERRCODE = 'AB002';
    END IF;
    INSERT INTO partition_owner (partition, epoch, node) SELECT DISTINCT p, 0, '' FROM unnest(partitions) AS w (p) ORDER BY p ON CONFLICT DO NOTHING;
    -- A commit of the owner so far ends first or finds its epoch gone.
    PERFORM 1 FROM partition_owner o WHERE o.partition = ANY (partitions) ORDER BY o.partition FOR NO KEY UPDATE;
    RETURN QUERY
        WITH before AS (SELECT o.partition, o.epoch, o.node FROM partition_owner o WHERE o.partition = ANY (partitions)),
        taken AS (UPDATE partition_owner o SET epoch = o.epoch + 1, node = this_node, sequence = 0 WHERE o.partition = ANY (partitions) RETURNING o.partition, o.epoch)
        SELECT w.p, t.epoch, b.epoch, nullif(b.node, '')
        FROM unnest(partitions) WITH ORDINALITY AS w (p, n) JOIN taken t ON t.partition = w.p JOIN before b ON b.partition = w.p ORDER BY w.n;
END
$$;
