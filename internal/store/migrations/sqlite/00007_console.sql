-- What the console asks for: the same as in PostgreSQL.

-- +goose Up

CREATE INDEX refunds_by_time ON refunds (created_at, id);
CREATE INDEX refunds_by_amount ON refunds (currency, coalesce(amount, quote_amount));
CREATE INDEX refunds_by_verdict ON refunds (verdict, created_at, id) WHERE verdict NOT IN ('', 'approve');
CREATE INDEX refunds_by_end ON refunds (updated_at) WHERE state IN ('credited', 'rejected', 'withdrawn');
CREATE INDEX audit_by_actor ON audit_entries (actor, refund_id) WHERE refund_id <> '' AND role <> 'system';
CREATE INDEX notices_dead ON notices (created_at, id) WHERE state = 'dead';
CREATE INDEX journals_of_balance ON journals (account_id, id DESC) WHERE operation IN ('refund', 'reversal');

CREATE TEMP TABLE kept AS SELECT * FROM engine_intents;
DROP TABLE engine_intents;
CREATE TABLE engine_intents (
    id           text PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('start', 'standing', 'dispute', 'pause', 'ticket', 'notice')),
    refund_id    text        REFERENCES refunds (id),
    ticket_id    text        REFERENCES tickets (id),
    notice_id    text        REFERENCES notices (id),
    created_at   timestamp NOT NULL,
    delivered_at timestamp,
    CONSTRAINT engine_intents_subject CHECK ((kind = 'notice') = (notice_id IS NOT NULL)
        AND (refund_id IS NOT NULL OR (kind = 'ticket' AND ticket_id IS NOT NULL) OR kind = 'notice'))
);
INSERT INTO engine_intents (id, kind, refund_id, ticket_id, created_at, delivered_at) SELECT id, kind, refund_id, ticket_id, created_at, delivered_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;

-- +goose Down
CREATE TEMP TABLE kept AS SELECT * FROM engine_intents WHERE kind <> 'notice';
DROP TABLE engine_intents;
CREATE TABLE engine_intents (
    id           text PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('start', 'standing', 'dispute', 'pause', 'ticket')),
    refund_id    text        REFERENCES refunds (id),
    ticket_id    text        REFERENCES tickets (id),
    created_at   timestamp NOT NULL,
    delivered_at timestamp,
    CONSTRAINT engine_intents_subject CHECK (refund_id IS NOT NULL OR (kind = 'ticket' AND ticket_id IS NOT NULL))
);
INSERT INTO engine_intents (id, kind, refund_id, ticket_id, created_at, delivered_at) SELECT id, kind, refund_id, ticket_id, created_at, delivered_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;
DROP INDEX journals_of_balance;
DROP INDEX notices_dead;
DROP INDEX audit_by_actor;
DROP INDEX refunds_by_end;
DROP INDEX refunds_by_verdict;
DROP INDEX refunds_by_amount;
DROP INDEX refunds_by_time;
