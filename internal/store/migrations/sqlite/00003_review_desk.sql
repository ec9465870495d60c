-- Policies, what refunds were screened on, and the review desk: the same as in PostgreSQL. SQLite cannot change
-- a table's checks, so three tables are built anew. Each is emptied and filled again under its own name in one
-- transaction, with the foreign keys that refer to it checked at its end: nothing else has to be touched.

-- +goose Up
PRAGMA defer_foreign_keys = ON;

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
    attention      text        NOT NULL DEFAULT '{}', -- what was promised should crediting not go on
    created_at     timestamp NOT NULL
);
-- The rules that matched, a row each: rates by rule.
CREATE TABLE screening_matches (
    refund_id text NOT NULL REFERENCES refunds (id),
    rule      text NOT NULL,
    PRIMARY KEY (refund_id, rule)
);
CREATE INDEX screening_matches_by_rule ON screening_matches (rule, refund_id);
CREATE INDEX screenings_by_time ON screenings (created_at, refund_id);

ALTER TABLE refunds ADD COLUMN appeal_of text NOT NULL DEFAULT '';
-- An appeal is decided once.
CREATE UNIQUE INDEX refunds_one_appeal ON refunds (appeal_of) WHERE appeal_of <> '';
-- Facts: who shares a contact with an account. What it asked for is found by refunds_by_account: one more index
-- of refunds costs each of their changes more than it saves here.
CREATE INDEX accounts_by_email ON accounts (lower(email));
CREATE INDEX accounts_by_phone ON accounts (phone) WHERE phone <> '';
CREATE INDEX accounts_by_payer ON accounts (payer) WHERE payer <> '';
-- Who filed for an account decides on none that is linked to it.
CREATE INDEX refunds_by_requester ON refunds (requested_by);

CREATE TEMP TABLE kept AS SELECT * FROM tickets;
DROP TABLE tickets;
CREATE TABLE tickets (
    id              text PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('refund', 'question')),
    refund_id       text        REFERENCES refunds (id),
    account_id      text        NOT NULL REFERENCES accounts (id),
    package_id      text        REFERENCES packages (id),
    opened_by       text        NOT NULL DEFAULT '',
    subject         text        NOT NULL DEFAULT '',
    state           text        NOT NULL CHECK (state IN ('open', 'closed')),
    queue           text        NOT NULL,
    assignee        text        NOT NULL DEFAULT '',
    priority        integer     NOT NULL DEFAULT 0,
    due_at          timestamp NOT NULL,
    approvals       integer     NOT NULL CHECK (approvals >= 1),
    seniors         integer     NOT NULL DEFAULT 0 CHECK (seniors >= 0),
    matches         text        NOT NULL DEFAULT '[]',
    sla             text        NOT NULL DEFAULT '{}',
    clock           text        NOT NULL DEFAULT '{}',
    response_due_at timestamp,
    responded_at    timestamp,
    urgency         integer     NOT NULL DEFAULT 0 CHECK (urgency IN (0, 50, 80, 100)),
    snoozed_until   timestamp,
    asked_at        timestamp,
    answer_by       timestamp,
    answer_reminded boolean     NOT NULL DEFAULT 0,
    answered_at     timestamp, -- what he said since; the refund has not gone on yet
    closed_at       timestamp,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL,
    CONSTRAINT tickets_seniors CHECK (seniors <= approvals),
    CONSTRAINT tickets_asked CHECK ((asked_at IS NULL) = (answer_by IS NULL)),
    CONSTRAINT tickets_of_refund CHECK (kind <> 'refund' OR (refund_id IS NOT NULL AND package_id IS NOT NULL))
);
INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, assignee, due_at, approvals, matches, created_at, updated_at, closed_at)
    SELECT id, kind, refund_id, account_id, package_id, state, queue, assignee, due_at, approvals, matches, created_at, updated_at,
           CASE WHEN state = 'closed' THEN updated_at END FROM temp.kept;
DROP TABLE temp.kept;
-- A refund has one case at a time; questions about it are as many as its customer has.
CREATE UNIQUE INDEX tickets_one_open ON tickets (refund_id) WHERE state = 'open' AND kind = 'refund';
CREATE INDEX tickets_by_refund ON tickets (refund_id, id DESC);
CREATE INDEX tickets_by_account ON tickets (account_id, id DESC);
CREATE INDEX tickets_by_due ON tickets (due_at, id);
CREATE INDEX tickets_by_state_due ON tickets (state, due_at, id);
CREATE INDEX tickets_by_queue_due ON tickets (queue, state, due_at, id);
CREATE INDEX tickets_by_queue ON tickets (queue, state, id DESC);
CREATE INDEX tickets_by_assignee_due ON tickets (assignee, state, due_at, id) WHERE assignee <> '';
CREATE INDEX tickets_by_priority ON tickets (queue, state, priority DESC, due_at, id);
CREATE INDEX tickets_by_state_priority ON tickets (state, priority DESC, due_at, id);
CREATE INDEX tickets_by_response ON tickets (responded_at) WHERE responded_at IS NOT NULL;
CREATE INDEX tickets_by_closing ON tickets (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX tickets_by_all_priority ON tickets (priority DESC, due_at, id);
CREATE INDEX tickets_waiting ON tickets (answer_by) WHERE answer_by IS NOT NULL;
-- Its triggers come with the next step, which has more of them.

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

CREATE TEMP TABLE kept AS SELECT * FROM engine_intents;
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
INSERT INTO engine_intents (id, kind, refund_id, created_at, delivered_at) SELECT id, kind, refund_id, created_at, delivered_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;

-- A notice is of an event of a refund, told once, or of a message of a conversation.
CREATE TEMP TABLE kept AS SELECT * FROM notices;
DROP TABLE notices;
CREATE TABLE notices (
    id         text PRIMARY KEY,
    refund_id  text        REFERENCES refunds (id),
    ticket_id  text        REFERENCES tickets (id),
    message_id text        REFERENCES messages (id),
    event      text        NOT NULL CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn',
                                                     'message', 'information_requested', 'information_reminder')),
    state      text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    CONSTRAINT notices_subject CHECK ((event IN ('message', 'information_requested', 'information_reminder')) = (message_id IS NOT NULL)
        AND (refund_id IS NOT NULL OR ticket_id IS NOT NULL) AND (message_id IS NULL OR ticket_id IS NOT NULL))
);
INSERT INTO notices (id, refund_id, event, state, created_at, updated_at) SELECT id, refund_id, event, state, created_at, updated_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX notices_unsent ON notices (created_at) WHERE state <> 'sent';
CREATE UNIQUE INDEX notices_once ON notices (refund_id, event) WHERE message_id IS NULL;
CREATE UNIQUE INDEX notices_once_a_message ON notices (message_id, event) WHERE message_id IS NOT NULL;
CREATE INDEX notices_by_ticket ON notices (ticket_id, created_at) WHERE ticket_id IS NOT NULL;

-- +goose Down
-- Questions, what was said, and what nobody asked for before are gone; refunds and their cases stay.
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE kept AS SELECT * FROM notices WHERE message_id IS NULL;
DROP TABLE notices;
CREATE TABLE notices (
    id         text PRIMARY KEY,
    refund_id  text        NOT NULL REFERENCES refunds (id),
    event      text        NOT NULL CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn')),
    state      text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    UNIQUE (refund_id, event)
);
INSERT INTO notices SELECT id, refund_id, event, state, created_at, updated_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX notices_unsent ON notices (created_at) WHERE state <> 'sent';

CREATE TEMP TABLE kept AS SELECT * FROM engine_intents WHERE kind IN ('start', 'standing', 'dispute');
DROP TABLE engine_intents;
CREATE TABLE engine_intents (
    id           text PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('start', 'standing', 'dispute')),
    refund_id    text        NOT NULL REFERENCES refunds (id),
    created_at   timestamp NOT NULL,
    delivered_at timestamp
);
INSERT INTO engine_intents SELECT id, kind, refund_id, created_at, delivered_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;

DROP TABLE pauses;
DROP TABLE saved_replies;
DROP TABLE messages;

CREATE TEMP TABLE kept AS SELECT * FROM tickets WHERE kind = 'refund';
DROP TABLE tickets;
CREATE TABLE tickets (
    id         text PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('refund')),
    refund_id  text        NOT NULL REFERENCES refunds (id),
    account_id text        NOT NULL REFERENCES accounts (id),
    package_id text        NOT NULL REFERENCES packages (id),
    state      text        NOT NULL CHECK (state IN ('open', 'closed')),
    queue      text        NOT NULL,
    assignee   text        NOT NULL DEFAULT '',
    due_at     timestamp NOT NULL,
    approvals  integer     NOT NULL CHECK (approvals >= 1),
    matches    text        NOT NULL DEFAULT '[]',
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);
INSERT INTO tickets SELECT id, kind, refund_id, account_id, package_id, state, queue, assignee, due_at, approvals, matches, created_at, updated_at FROM temp.kept;
DROP TABLE temp.kept;
CREATE UNIQUE INDEX tickets_one_open ON tickets (refund_id) WHERE state = 'open';
CREATE INDEX tickets_by_refund ON tickets (refund_id, id DESC);
CREATE INDEX tickets_by_account ON tickets (account_id, id DESC);
CREATE INDEX tickets_by_due ON tickets (due_at, id);
CREATE INDEX tickets_by_state_due ON tickets (state, due_at, id);
CREATE INDEX tickets_by_queue_due ON tickets (queue, state, due_at, id);
CREATE INDEX tickets_by_queue ON tickets (queue, state, id DESC);
CREATE INDEX tickets_by_assignee_due ON tickets (assignee, state, due_at, id) WHERE assignee <> '';

-- +goose StatementBegin
CREATE TRIGGER tickets_open BEFORE INSERT ON tickets
BEGIN
    SELECT RAISE(ABORT, 'ticket-fixed') WHERE NEW.state <> 'open' OR NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND account_id = NEW.account_id AND package_id = NEW.package_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tickets_fixed BEFORE UPDATE ON tickets
BEGIN
    SELECT RAISE(ABORT, 'ticket-fixed')
     WHERE NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.refund_id <> OLD.refund_id OR NEW.account_id <> OLD.account_id
        OR NEW.package_id <> OLD.package_id OR NEW.matches <> OLD.matches OR (NEW.queue = 'attention') <> (OLD.queue = 'attention');
    SELECT RAISE(ABORT, 'ticket-approvals') WHERE NEW.approvals < OLD.approvals;
    SELECT RAISE(ABORT, 'ticket-closed') WHERE OLD.state = 'closed' AND NEW.state <> 'closed';
END;
-- +goose StatementEnd

DROP INDEX refunds_by_requester;
DROP INDEX accounts_by_payer;
DROP INDEX accounts_by_phone;
DROP INDEX accounts_by_email;
DROP INDEX refunds_one_appeal;
ALTER TABLE refunds DROP COLUMN appeal_of;
DROP TABLE screening_matches;
DROP TABLE screenings;
DROP TABLE policy_activations;
DROP TABLE policies;
