-- Policies, what refunds were screened on, and the review desk: questions, messages, clocks, pauses, appeals.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- A policy is never edited; putting one in force is a row of its own, also when it was in force before.
CREATE TABLE policies (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text        NOT NULL,
    digest     text        NOT NULL,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE policy_activations (
    n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version bigint      NOT NULL REFERENCES policies,
    by      text        NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX policy_activations_by_version ON policy_activations (version, n DESC);

-- What a refund was judged on, and how. One a refund, kept for good.
CREATE TABLE screenings (
    refund_id      text PRIMARY KEY REFERENCES refunds,
    policy_version text        NOT NULL,
    policy_digest  text        NOT NULL,
    verdict        text        NOT NULL CHECK (verdict IN ('approve', 'review', 'reject')),
    outcome        text        NOT NULL DEFAULT '',
    facts          text        NOT NULL,
    matches        text        NOT NULL DEFAULT '[]',
    attention      text        NOT NULL DEFAULT '{}', -- what was promised should crediting not go on
    created_at     timestamptz NOT NULL
);
-- The rules that matched, a row each: rates by rule.
CREATE TABLE screening_matches (
    refund_id text NOT NULL REFERENCES refunds,
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

ALTER TABLE tickets
    ALTER COLUMN refund_id DROP NOT NULL,
    ALTER COLUMN package_id DROP NOT NULL,
    ADD COLUMN opened_by       text        NOT NULL DEFAULT '',
    ADD COLUMN subject         text        NOT NULL DEFAULT '',
    ADD COLUMN priority        integer     NOT NULL DEFAULT 0,
    ADD COLUMN seniors         integer     NOT NULL DEFAULT 0 CHECK (seniors >= 0),
    ADD COLUMN sla             text        NOT NULL DEFAULT '{}',
    ADD COLUMN clock           text        NOT NULL DEFAULT '{}',
    ADD COLUMN response_due_at timestamptz,
    ADD COLUMN responded_at    timestamptz,
    ADD COLUMN urgency         integer     NOT NULL DEFAULT 0 CHECK (urgency IN (0, 50, 80, 100)),
    ADD COLUMN snoozed_until   timestamptz,
    ADD COLUMN asked_at        timestamptz,
    ADD COLUMN answer_by       timestamptz,
    ADD COLUMN answer_reminded boolean     NOT NULL DEFAULT false,
    ADD COLUMN answered_at     timestamptz, -- what he said since; the refund has not gone on yet
    ADD COLUMN closed_at       timestamptz,
    ADD CONSTRAINT tickets_seniors CHECK (seniors <= approvals),
    ADD CONSTRAINT tickets_asked CHECK ((asked_at IS NULL) = (answer_by IS NULL));
ALTER TABLE tickets DROP CONSTRAINT tickets_kind_check;
ALTER TABLE tickets ADD CONSTRAINT tickets_kind_check CHECK (kind IN ('refund', 'question')),
    ADD CONSTRAINT tickets_of_refund CHECK (kind <> 'refund' OR (refund_id IS NOT NULL AND package_id IS NOT NULL));
DROP INDEX tickets_one_open;
-- A refund has one case at a time; questions about it are as many as its customer has.
CREATE UNIQUE INDEX tickets_one_open ON tickets (refund_id) WHERE state = 'open' AND kind = 'refund';
CREATE INDEX tickets_by_priority ON tickets (queue, state, priority DESC, due_at, id);
CREATE INDEX tickets_by_state_priority ON tickets (state, priority DESC, due_at, id);
CREATE INDEX tickets_by_response ON tickets (responded_at) WHERE responded_at IS NOT NULL;
CREATE INDEX tickets_by_closing ON tickets (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX tickets_by_all_priority ON tickets (priority DESC, due_at, id);
CREATE INDEX tickets_waiting ON tickets (answer_by) WHERE answer_by IS NOT NULL;
UPDATE tickets SET closed_at = updated_at WHERE state = 'closed';

-- What is said on a ticket. Never edited. Internal messages never reach a customer.
CREATE TABLE messages (
    id         text PRIMARY KEY,
    ticket_id  text        NOT NULL REFERENCES tickets,
    author     text        NOT NULL,
    by_staff   boolean     NOT NULL,
    visibility text        NOT NULL CHECK (visibility IN ('public', 'internal')),
    body       text        NOT NULL CHECK (body <> ''),
    created_at timestamptz NOT NULL,
    CHECK (by_staff OR visibility = 'public')
);
CREATE INDEX messages_by_ticket ON messages (ticket_id, created_at, id);

CREATE TABLE saved_replies (
    id         text PRIMARY KEY,
    title      text        NOT NULL CHECK (title <> ''),
    body_en    text        NOT NULL,
    body_zh    text        NOT NULL,
    updated_by text        NOT NULL,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX saved_replies_title ON saved_replies (lower(title));

CREATE TABLE pauses (
    id         text PRIMARY KEY,
    scope      text        NOT NULL CHECK (scope IN ('account', 'product', 'all')),
    target     text        NOT NULL DEFAULT '',
    reason     text        NOT NULL CHECK (reason <> ''),
    by         text        NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    CHECK ((scope = 'all') = (target = '')),
    CHECK (expires_at > created_at)
);
CREATE INDEX pauses_in_force ON pauses (expires_at) WHERE ended_at IS NULL;

ALTER TABLE engine_intents ALTER COLUMN refund_id DROP NOT NULL, ADD COLUMN ticket_id text REFERENCES tickets;
ALTER TABLE engine_intents DROP CONSTRAINT engine_intents_kind_check;
ALTER TABLE engine_intents ADD CONSTRAINT engine_intents_kind_check CHECK (kind IN ('start', 'standing', 'dispute', 'pause', 'ticket')),
    ADD CONSTRAINT engine_intents_subject CHECK (refund_id IS NOT NULL OR (kind = 'ticket' AND ticket_id IS NOT NULL));

-- A notice is of an event of a refund, told once, or of a message of a conversation.
ALTER TABLE notices ALTER COLUMN refund_id DROP NOT NULL,
    ADD COLUMN ticket_id text REFERENCES tickets,
    ADD COLUMN message_id text REFERENCES messages;
ALTER TABLE notices DROP CONSTRAINT notices_event_check;
ALTER TABLE notices ADD CONSTRAINT notices_event_check CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn',
        'message', 'information_requested', 'information_reminder')),
    ADD CONSTRAINT notices_subject CHECK ((event IN ('message', 'information_requested', 'information_reminder')) = (message_id IS NOT NULL)
        AND (refund_id IS NOT NULL OR ticket_id IS NOT NULL) AND (message_id IS NULL OR ticket_id IS NOT NULL));
ALTER TABLE notices DROP CONSTRAINT notices_refund_id_event_key;
CREATE UNIQUE INDEX notices_once ON notices (refund_id, event) WHERE message_id IS NULL;
CREATE UNIQUE INDEX notices_once_a_message ON notices (message_id, event) WHERE message_id IS NOT NULL;
CREATE INDEX notices_by_ticket ON notices (ticket_id, created_at) WHERE ticket_id IS NOT NULL;

-- +goose Down
-- Questions, what was said, and what nobody asked for before are gone; refunds and their cases stay.
DROP INDEX notices_once, notices_once_a_message, notices_by_ticket;
DELETE FROM notices WHERE message_id IS NOT NULL;
ALTER TABLE notices DROP CONSTRAINT notices_subject, DROP CONSTRAINT notices_event_check,
    DROP COLUMN message_id, DROP COLUMN ticket_id, ALTER COLUMN refund_id SET NOT NULL,
    ADD CONSTRAINT notices_event_check CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn')),
    ADD CONSTRAINT notices_refund_id_event_key UNIQUE (refund_id, event);

DELETE FROM engine_intents WHERE kind IN ('pause', 'ticket');
ALTER TABLE engine_intents DROP CONSTRAINT engine_intents_subject, DROP CONSTRAINT engine_intents_kind_check,
    DROP COLUMN ticket_id, ALTER COLUMN refund_id SET NOT NULL,
    ADD CONSTRAINT engine_intents_kind_check CHECK (kind IN ('start', 'standing', 'dispute'));

DROP TABLE pauses, saved_replies, messages;

DROP INDEX tickets_by_priority, tickets_by_state_priority, tickets_one_open;
DELETE FROM tickets WHERE kind = 'question';
ALTER TABLE tickets DROP CONSTRAINT tickets_of_refund, DROP CONSTRAINT tickets_kind_check, DROP CONSTRAINT tickets_seniors, DROP CONSTRAINT tickets_asked,
    DROP COLUMN opened_by, DROP COLUMN subject, DROP COLUMN priority, DROP COLUMN seniors, DROP COLUMN sla, DROP COLUMN clock,
    DROP COLUMN response_due_at, DROP COLUMN responded_at, DROP COLUMN urgency, DROP COLUMN snoozed_until, DROP COLUMN asked_at,
    DROP COLUMN answer_by, DROP COLUMN answer_reminded, DROP COLUMN answered_at, DROP COLUMN closed_at,
    ALTER COLUMN refund_id SET NOT NULL, ALTER COLUMN package_id SET NOT NULL,
    ADD CONSTRAINT tickets_kind_check CHECK (kind IN ('refund'));
CREATE UNIQUE INDEX tickets_one_open ON tickets (refund_id) WHERE state = 'open';

DROP INDEX accounts_by_email, accounts_by_phone, accounts_by_payer, refunds_by_requester, refunds_one_appeal;
ALTER TABLE refunds DROP COLUMN appeal_of;
DROP TABLE screening_matches, screenings, policy_activations, policies;
