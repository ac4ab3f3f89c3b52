-- As in SQLite: the adjustments that are no longer listed, in the row of the flight.
ALTER TABLE budget ADD COLUMN forgotten_up bigint NOT NULL DEFAULT 0 CHECK (forgotten_up >= 0);
ALTER TABLE budget ADD COLUMN forgotten_down bigint NOT NULL DEFAULT 0 CHECK (forgotten_down >= 0);

CREATE INDEX campaign_day_by_day ON campaign_day (day, tenant, campaign);
CREATE INDEX campaign_day_by_day_budget ON campaign_day (day_budget);
CREATE INDEX campaign_day_by_flight_budget ON campaign_day (flight_budget);
CREATE INDEX campaign_day_by_account_budget ON campaign_day (account_budget) WHERE account_budget IS NOT NULL;
CREATE INDEX lease_by_day ON lease (campaign_day);
CREATE INDEX budget_of_account ON budget (period) WHERE scope = 2;
CREATE INDEX adjustment_by_time ON adjustment (time);

-- Forgets days, accounts and adjustments. What it may meet:
-- commits and settings, which look leases, days and accounts up before they lock them: they hold the rows of their partitions' owners, and all of those are
-- waited for first, while nothing else is held; so nothing of theirs goes between two of their statements;
-- grants and returns: they hold or wait for the budgets, and look again for the days once they have them (ledger_lock);
-- another node that forgets: one at a time, the one that has the row of topic_layout.
-- Nothing but the owners is waited for, so there is no circle: what another transaction holds stays until the next time.
CREATE FUNCTION ledger_prune(first_day integer, first_time bigint, at_most integer)
RETURNS TABLE (out_days integer, out_leases integer, out_accounts integer, out_adjustments integer) LANGUAGE plpgsql AS
$$
DECLARE
    day_ids bigint[];
    account_ids bigint[];
    ids bigint[];
    flights bigint[];
BEGIN
    out_days := 0; out_leases := 0; out_accounts := 0; out_adjustments := 0;
    PERFORM 1 FROM topic_layout FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;

    day_ids := ARRAY(
        SELECT d.campaign_day_id FROM campaign_day d
        WHERE d.day < first_day AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.campaign_day = d.campaign_day_id AND l.state = 0)
        ORDER BY d.day, d.tenant, d.campaign LIMIT at_most);
    -- One that loses its last day just now is among them.
    account_ids := ARRAY(
        SELECT b.budget_id FROM budget b
        WHERE b.scope = 2 AND b.period < first_day
            AND NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.account_budget = b.budget_id AND NOT d.campaign_day_id = ANY (day_ids))
        ORDER BY b.period, b.tenant, b.id LIMIT at_most);
    IF cardinality(day_ids) + cardinality(account_ids) > 0 THEN
        PERFORM 1 FROM partition_owner o ORDER BY o.partition FOR NO KEY UPDATE;
        day_ids := ARRAY(
            SELECT d.campaign_day_id FROM campaign_day d JOIN budget b ON b.budget_id = d.day_budget
            WHERE d.campaign_day_id = ANY (day_ids) FOR UPDATE OF d, b SKIP LOCKED);
        -- One that was granted under since stays.
        day_ids := ARRAY(SELECT w.id FROM unnest(day_ids) AS w (id) WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.campaign_day = w.id AND l.state = 0));
        ids := ARRAY(SELECT d.day_budget FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids));
        DELETE FROM lease l WHERE l.campaign_day = ANY (day_ids);
        GET DIAGNOSTICS out_leases = ROW_COUNT;
        DELETE FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids);
        GET DIAGNOSTICS out_days = ROW_COUNT;
        DELETE FROM budget b WHERE b.budget_id = ANY (ids);

        ids := ARRAY(SELECT b.budget_id FROM budget b WHERE b.budget_id = ANY (account_ids) FOR UPDATE SKIP LOCKED);
        DELETE FROM budget b WHERE b.budget_id = ANY (ids) AND NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.account_budget = b.budget_id);
        GET DIAGNOSTICS out_accounts = ROW_COUNT;
    END IF;

    -- A day that is there may exceed its budget by its adjustments: they stay as long as it.
    ids := ARRAY(
        SELECT a.adjustment_id FROM adjustment a
        WHERE a.time < first_time AND NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.tenant = a.tenant AND d.campaign = a.campaign AND d.day = a.day)
        ORDER BY a.time, a.adjustment_id LIMIT at_most);
    flights := ARRAY(
        SELECT b.budget_id FROM (SELECT DISTINCT a.tenant, a.campaign FROM adjustment a WHERE a.adjustment_id = ANY (ids)) w
        JOIN budget b ON b.scope = 1 AND b.tenant = w.tenant AND b.id = w.campaign AND b.period = 0 FOR NO KEY UPDATE OF b SKIP LOCKED);
    WITH gone AS (
        DELETE FROM adjustment a USING budget f
        WHERE a.adjustment_id = ANY (ids) AND f.budget_id = ANY (flights) AND f.tenant = a.tenant AND f.id = a.campaign RETURNING f.budget_id, a.amount),
    kept AS (
        UPDATE budget b SET forgotten_up = b.forgotten_up + g.up, forgotten_down = b.forgotten_down + g.down
        FROM (
            SELECT o.budget_id, sum(greatest(o.amount, 0))::bigint AS up, sum(greatest(-o.amount, 0))::bigint AS down
            FROM gone o GROUP BY o.budget_id) g
        WHERE b.budget_id = g.budget_id)
    SELECT count(*)::integer INTO out_adjustments FROM gone;
    RETURN NEXT;
END
$$;

-- As before, and: a day that was forgotten while its budget was waited for makes the call begin anew too.
CREATE OR REPLACE FUNCTION ledger_lock(day_ids bigint[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    ids bigint[];
    is_changed boolean;
    found_days bigint;
BEGIN
    SELECT array_agg(DISTINCT s.id) INTO ids
    FROM campaign_day d CROSS JOIN LATERAL (VALUES (d.day_budget), (d.flight_budget), (d.account_budget)) AS s (id)
    WHERE d.campaign_day_id = ANY (day_ids) AND s.id IS NOT NULL;
    PERFORM 1 FROM budget b WHERE b.budget_id = ANY (ids) ORDER BY b.budget_id FOR NO KEY UPDATE;
    SELECT count(*), bool_or(d.account_budget IS NOT NULL AND NOT d.account_budget = ANY (ids)) INTO found_days, is_changed
    FROM campaign_day d WHERE d.campaign_day_id = ANY (day_ids);
    IF is_changed THEN
        RAISE EXCEPTION 'an account changed' USING ERRCODE = 'serialization_failure';
    END IF;
    IF found_days < (SELECT count(DISTINCT w.id) FROM unnest(day_ids) AS w (id)) THEN
        RAISE EXCEPTION 'a day was forgotten' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
