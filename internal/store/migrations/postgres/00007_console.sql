-- What the console asks for: searches of refunds by any one criterion, the dashboard's days, and messages that
-- were given up sent again.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- Searches give the last filed first. An id that is searched for has its own index already.
CREATE INDEX refunds_by_time ON refunds (created_at, id);
CREATE INDEX refunds_by_amount ON refunds (currency, (coalesce(amount, quote_amount)));
-- Most refunds are approved by screening at once; the others are few and searched for.
CREATE INDEX refunds_by_verdict ON refunds (verdict, created_at, id) WHERE verdict NOT IN ('', 'approve');
-- How refunds ended, by day. One that ended is not changed: its last change is its end.
CREATE INDEX refunds_by_end ON refunds (updated_at) WHERE state IN ('credited', 'rejected', 'withdrawn');
-- What people did. RefundDesk's own steps are on every refund, and need no index to be found.
CREATE INDEX audit_by_actor ON audit_entries (actor, refund_id) WHERE refund_id <> '' AND role <> 'system';
-- Messages that were given up.
CREATE INDEX notices_dead ON notices (created_at, id) WHERE state = 'dead';
-- What moved an account's balance, among all that its packages were used for.
CREATE INDEX journals_of_balance ON journals (account_id, id DESC) WHERE operation IN ('refund', 'reversal');

ALTER TABLE engine_intents ADD COLUMN notice_id text REFERENCES notices;
ALTER TABLE engine_intents DROP CONSTRAINT engine_intents_subject, DROP CONSTRAINT engine_intents_kind_check;
ALTER TABLE engine_intents ADD CONSTRAINT engine_intents_kind_check CHECK (kind IN ('start', 'standing', 'dispute', 'pause', 'ticket', 'notice')),
    ADD CONSTRAINT engine_intents_subject CHECK ((kind = 'notice') = (notice_id IS NOT NULL)
        AND (refund_id IS NOT NULL OR (kind = 'ticket' AND ticket_id IS NOT NULL) OR kind = 'notice'));

-- +goose Down
DELETE FROM engine_intents WHERE kind = 'notice';
ALTER TABLE engine_intents DROP CONSTRAINT engine_intents_subject, DROP CONSTRAINT engine_intents_kind_check;
ALTER TABLE engine_intents DROP COLUMN notice_id,
    ADD CONSTRAINT engine_intents_kind_check CHECK (kind IN ('start', 'standing', 'dispute', 'pause', 'ticket')),
    ADD CONSTRAINT engine_intents_subject CHECK (refund_id IS NOT NULL OR (kind = 'ticket' AND ticket_id IS NOT NULL));
DROP INDEX journals_of_balance, notices_dead, audit_by_actor, refunds_by_end, refunds_by_verdict, refunds_by_amount, refunds_by_time;
