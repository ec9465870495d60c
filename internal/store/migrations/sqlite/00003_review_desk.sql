-- Policies, what refunds were screened on, and the review desk: the same as in PostgreSQL. SQLite cannot change
-- a table's checks, so three tables are built anew; foreign keys are off meanwhile.

-- +goose NO TRANSACTION
-- +goose Up
-- A policy is never edited; putting one in force is a row of its own, also when it was in force before.
CREATE TABLE policies (
    version    integer PRIMARY KEY AUTOINCREMENT,
    source     text        NOT NULL,
    digest     text        NOT NULL,
    created_by text        NOT NULL,
    created_at timestamp NOT NULL
);
CREATE TABLE policy_activations (
    n       integer PRIMARY KEY AUTOINCREMENT,
    version integer      NOT NULL REFERENCES policies (version),
    by      text        NOT NULL,
    at      timestamp NOT NULL
);
CREATE INDEX policy_activations_by_version ON policy_activations (version, n DESC);

-- What a refund was judged on, and how. One a refund, kept for good.
CREATE TABLE screenings (
    refund_id      text PRIMARY KEY REFERENCES refunds (id),
    policy_version text        NOT NULL,
    policy_digest  text        NOT NULL,
    verdict        text        NOT NULL CHECK (verdict IN ('approve', 'review', 'reject')),
    outcome        text        NOT NULL DEFAULT '',
    facts          text        NOT NULL,
    matches        text        NOT NULL DEFAULT '[]',
    created_at     timestamp NOT NULL
);
-- The rules that matched, a row each: rates by rule.
CREATE TABLE screening_matches (
    refund_id text NOT NULL REFERENCES refunds (id),
    rule      text NOT NULL,
    PRIMARY KEY (refund_id, rule)
);
CREATE INDEX screening_matches_by_rule ON screening_matches (rule, refund_id);

ALTER TABLE refunds ADD COLUMN appeal_of text NOT NULL DEFAULT '';
-- An appeal is decided once.
CREATE UNIQUE INDEX refunds_one_appeal ON refunds (appeal_of) WHERE appeal_of <> '';
-- Facts: what an account asked for lately, and who shares a contact with it.
CREATE INDEX refunds_by_account_time ON refunds (account_id, created_at);
CREATE INDEX accounts_by_email ON accounts (lower(email));
CREATE INDEX accounts_by_phone ON accounts (phone) WHERE phone <> '';
CREATE INDEX accounts_by_payer ON accounts (payer) WHERE payer <> '';

@@TICKETS@@
-- What is said on a ticket. Never edited. Internal messages never reach a customer.
CREATE TABLE messages (
    id         text PRIMARY KEY,
    ticket_id  text        NOT NULL REFERENCES tickets (id),
    author     text        NOT NULL,
    by_staff   boolean     NOT NULL,
    visibility text        NOT NULL CHECK (visibility IN ('public', 'internal')),
    body       text        NOT NULL CHECK (body <> ''),
    created_at timestamp NOT NULL,
    CHECK (by_staff OR visibility = 'public')
);
CREATE INDEX messages_by_ticket ON messages (ticket_id, created_at, id);

CREATE TABLE saved_replies (
    id         text PRIMARY KEY,
    title      text        NOT NULL CHECK (title <> ''),
    body_en    text        NOT NULL,
    body_zh    text        NOT NULL,
    updated_by text        NOT NULL,
    updated_at timestamp NOT NULL,
    version    integer      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX saved_replies_title ON saved_replies (lower(title));

CREATE TABLE pauses (
    id         text PRIMARY KEY,
    scope      text        NOT NULL CHECK (scope IN ('account', 'product', 'all')),
    target     text        NOT NULL DEFAULT '',
    reason     text        NOT NULL CHECK (reason <> ''),
    by         text        NOT NULL,
    expires_at timestamp NOT NULL,
    ended_at   timestamp,
    ended_by   text        NOT NULL DEFAULT '',
    created_at timestamp NOT NULL,
    CHECK ((scope = 'all') = (target = '')),
    CHECK (expires_at > created_at)
);
CREATE INDEX pauses_in_force ON pauses (expires_at) WHERE ended_at IS NULL;

@@INTENTS@@
@@NOTICES@@
