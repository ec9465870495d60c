-- The records of RefundDesk in SQLite, the evaluation default: the same tables as in PostgreSQL, and of
-- its refusals what SQLite can express. Money is INTEGER micros. Times are UTC.

-- +goose Up



CREATE TABLE accounts (
    id                 text PRIMARY KEY,
    name               text        NOT NULL,
    email              text        NOT NULL,
    phone              text        NOT NULL DEFAULT '',
    payer              text        NOT NULL DEFAULT '',
    locale             text        NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'zh-Hans')),
    standing           text        NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'suspended', 'terminated')),
    standing_reason    text        NOT NULL DEFAULT '',
    registered_at      timestamp NOT NULL,
    contact_changed_at timestamp,
    created_at         timestamp NOT NULL,
    updated_at         timestamp NOT NULL,
    version            integer      NOT NULL DEFAULT 1
);

CREATE TABLE packages (
    id           text PRIMARY KEY,
    account_id   text        NOT NULL REFERENCES accounts (id),
    product      text        NOT NULL,
    name         text        NOT NULL,
    currency     text        NOT NULL CHECK (length(currency) = 3),
    paid         integer      NOT NULL CHECK (paid >= 0),
    face         integer      NOT NULL CHECK (face > 0),
    status       text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'refunded')),
    dispute      text        NOT NULL DEFAULT 'none' CHECK (dispute IN ('none', 'open', 'lost', 'won')),
    auto_renew   boolean     NOT NULL DEFAULT 0,
    purchased_at timestamp NOT NULL,
    expires_at   timestamp,
    frozen_at    timestamp,
    created_at   timestamp NOT NULL,
    version      integer      NOT NULL DEFAULT 1,
    CHECK (face >= paid),
    CHECK ((status = 'frozen') = (frozen_at IS NOT NULL))
);
CREATE INDEX packages_by_account ON packages (account_id, purchased_at DESC, id DESC);
CREATE INDEX packages_by_purchase ON packages (purchased_at DESC, id DESC);

CREATE TABLE refund_transitions (
    old_state text NOT NULL,
    new_state text NOT NULL,
    PRIMARY KEY (old_state, new_state)
);
INSERT INTO refund_transitions (old_state, new_state) VALUES
    ('submitted', 'screening'), ('submitted', 'withdrawn'),
    ('screening', 'crediting'), ('screening', 'in_review'), ('screening', 'rejected'), ('screening', 'on_hold'), ('screening', 'withdrawn'),
    ('in_review', 'crediting'), ('in_review', 'rejected'), ('in_review', 'awaiting_customer'), ('in_review', 'on_hold'), ('in_review', 'withdrawn'),
    ('awaiting_customer', 'in_review'), ('awaiting_customer', 'rejected'), ('awaiting_customer', 'on_hold'), ('awaiting_customer', 'withdrawn'),
    ('on_hold', 'screening'), ('on_hold', 'in_review'), ('on_hold', 'awaiting_customer'), ('on_hold', 'crediting'), ('on_hold', 'rejected'), ('on_hold', 'withdrawn'),
    ('crediting', 'credited'), ('crediting', 'on_hold'), ('crediting', 'rejected'), ('crediting', 'needs_attention'),
    ('needs_attention', 'crediting'), ('needs_attention', 'rejected');

CREATE TABLE refunds (
    id              text PRIMARY KEY,
    account_id      text        NOT NULL REFERENCES accounts (id),
    package_id      text        NOT NULL REFERENCES packages (id),
    requested_by    text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('submitted', 'screening', 'in_review', 'awaiting_customer', 'on_hold',
                                                          'crediting', 'needs_attention', 'credited', 'rejected', 'withdrawn')),
    reason_code     text        NOT NULL,
    note_id         text        NOT NULL DEFAULT '',
    currency        text        NOT NULL,
    quote_amount    integer      NOT NULL CHECK (quote_amount > 0),
    quote_paid      integer      NOT NULL,
    quote_face      integer      NOT NULL,
    quote_remaining integer      NOT NULL,
    approved        integer      CHECK (approved > 0 AND approved <= quote_amount),
    amount          integer      CHECK (amount > 0 AND amount <= approved),
    verdict         text        NOT NULL DEFAULT '' CHECK (verdict IN ('', 'approve', 'review', 'reject')),
    outcome         text        NOT NULL DEFAULT '',
    policy_version  text        NOT NULL DEFAULT '',
    policy_digest   text        NOT NULL DEFAULT '',
    hold_causes     text        NOT NULL DEFAULT '',
    held_from       text        NOT NULL DEFAULT '',
    held_at         timestamp,
    provider_fault  boolean     NOT NULL DEFAULT 0,
    last_op         text        NOT NULL DEFAULT '',
    last_step       text        NOT NULL DEFAULT '',
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL,
    version         integer      NOT NULL DEFAULT 1,
    CHECK (state NOT IN ('crediting', 'needs_attention', 'credited') OR approved IS NOT NULL),
    CHECK ((state = 'credited') = (amount IS NOT NULL)),
    CHECK ((state = 'on_hold') = (hold_causes <> '')),
    CHECK ((state = 'on_hold') = (held_from <> ''))
);
-- One open refund a package, ever one credit a package.
CREATE UNIQUE INDEX refunds_one_open ON refunds (package_id) WHERE state NOT IN ('credited', 'rejected', 'withdrawn');
CREATE UNIQUE INDEX refunds_one_credit ON refunds (package_id) WHERE state = 'credited';
-- Ids grow with time (UUIDv7), so lists page by id.
CREATE INDEX refunds_by_account ON refunds (account_id, id DESC);
CREATE INDEX refunds_by_state ON refunds (state, id DESC);
CREATE INDEX refunds_by_package ON refunds (package_id, id DESC);

CREATE TABLE idempotency_keys (
    account_id text        NOT NULL,
    key        text        NOT NULL,
    body_hash  text        NOT NULL,
    refund_id  text        NOT NULL,
    created_at timestamp NOT NULL,
    PRIMARY KEY (account_id, key)
);

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
CREATE UNIQUE INDEX tickets_one_open ON tickets (refund_id) WHERE state = 'open';
CREATE INDEX tickets_by_refund ON tickets (refund_id, id DESC);
CREATE INDEX tickets_by_account ON tickets (account_id, id DESC);
-- The lists of the desk: by due time or the newest, narrowed by state, queue or assignee.
CREATE INDEX tickets_by_due ON tickets (due_at, id);
CREATE INDEX tickets_by_state_due ON tickets (state, due_at, id);
CREATE INDEX tickets_by_queue_due ON tickets (queue, state, due_at, id);
CREATE INDEX tickets_by_queue ON tickets (queue, state, id DESC);
CREATE INDEX tickets_by_assignee_due ON tickets (assignee, state, due_at, id) WHERE assignee <> '';

CREATE TABLE decisions (
    id            text PRIMARY KEY,
    ticket_id     text        NOT NULL REFERENCES tickets (id),
    refund_id     text        NOT NULL REFERENCES refunds (id),
    voter         text        NOT NULL,
    voter_role    text        NOT NULL CHECK (voter_role IN ('reviewer', 'senior_reviewer')),
    voter_account text        NOT NULL DEFAULT '',
    vote          text        NOT NULL CHECK (vote IN ('approve', 'reject')),
    reason_code   text        NOT NULL,
    note_id       text        NOT NULL DEFAULT '',
    digest        text        NOT NULL,
    created_at    timestamp NOT NULL,
    UNIQUE (ticket_id, voter)
);
CREATE INDEX decisions_by_refund ON decisions (refund_id, created_at);

-- Text that people wrote. It never travels through the engine; its digest does.
CREATE TABLE notes (
    id         text PRIMARY KEY,
    refund_id  text        NOT NULL,
    author     text        NOT NULL,
    body       text        NOT NULL,
    digest     text        NOT NULL,
    created_at timestamp NOT NULL
);
CREATE INDEX notes_by_refund ON notes (refund_id);

CREATE TABLE ledger_accounts (
    id       text PRIMARY KEY,
    currency text   NOT NULL,
    -- Kept for packages and customers, which can never be below zero. The operator's own
    -- accounts have none: they would be one hot row for everybody, and are summed when asked.
    balance  integer,
    CONSTRAINT ledger_accounts_not_negative CHECK (balance >= 0),
    -- An overflow would turn into a float.
    CHECK (balance IS NULL OR typeof(balance) = 'integer')
);

CREATE TABLE journals (
    id           text PRIMARY KEY,
    operation    text        NOT NULL CHECK (operation IN ('purchase', 'usage', 'refund', 'reversal')),
    operation_id text        NOT NULL,
    currency     text        NOT NULL,
    account_id   text        NOT NULL REFERENCES accounts (id),
    package_id   text        NOT NULL REFERENCES packages (id),
    reverses     text        UNIQUE REFERENCES journals (id),
    input_hash   text        NOT NULL,
    created_at   timestamp NOT NULL,
    UNIQUE (operation, operation_id),
    CHECK ((operation = 'reversal') = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX journals_one_credit ON journals (package_id) WHERE operation = 'refund';
CREATE INDEX journals_by_account ON journals (account_id, id DESC);
CREATE INDEX journals_by_package ON journals (package_id, id DESC);

CREATE TABLE postings (
    journal_id     text     NOT NULL REFERENCES journals (id),
    n              integer NOT NULL,
    ledger_account text     NOT NULL REFERENCES ledger_accounts (id),
    micros         integer   NOT NULL CHECK (micros <> 0),
    PRIMARY KEY (journal_id, n)
);
CREATE INDEX postings_by_account ON postings (ledger_account);

CREATE TABLE usage_records (
    id          text PRIMARY KEY,
    package_id  text        NOT NULL REFERENCES packages (id),
    cost        integer      NOT NULL CHECK (cost > 0),
    occurred_at timestamp NOT NULL,
    recorded_at timestamp NOT NULL
);
CREATE INDEX usage_by_package ON usage_records (package_id, occurred_at DESC);

CREATE TABLE audit_entries (
    seq             integer PRIMARY KEY AUTOINCREMENT,
    id              text        NOT NULL UNIQUE,
    entry_version   integer     NOT NULL,
    at              timestamp NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '+00:00'),
    actor           text        NOT NULL,
    role            text        NOT NULL,
    action          text        NOT NULL,
    object          text        NOT NULL,
    object_id       text        NOT NULL,
    object_version  integer      NOT NULL DEFAULT 0,
    refund_id       text        NOT NULL DEFAULT '',
    old_state       text        NOT NULL DEFAULT '',
    new_state       text        NOT NULL DEFAULT '',
    amount          integer,
    currency        text        NOT NULL DEFAULT '',
    reason_code     text        NOT NULL DEFAULT '',
    policy_version  text        NOT NULL DEFAULT '',
    decision_digest text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL DEFAULT '',
    workflow_id     text        NOT NULL DEFAULT '',
    run_id          text        NOT NULL DEFAULT '',
    operation_id    text        NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_refund ON audit_entries (refund_id, seq) WHERE refund_id <> '';
CREATE INDEX audit_by_object ON audit_entries (object, object_id, seq);
CREATE UNIQUE INDEX audit_once ON audit_entries (operation_id, object_id, action, new_state) WHERE operation_id <> '';

-- What the engine must hear of, committed with the change it is about.
CREATE TABLE engine_intents (
    id           text PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('start', 'standing', 'dispute')),
    refund_id    text        NOT NULL REFERENCES refunds (id),
    created_at   timestamp NOT NULL,
    delivered_at timestamp
);
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;

-- What customers are to be told, committed with the change it is about: once per event.
CREATE TABLE notices (
    id         text PRIMARY KEY,
    refund_id  text        NOT NULL REFERENCES refunds (id),
    event      text        NOT NULL CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn')),
    state      text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    UNIQUE (refund_id, event)
);
CREATE INDEX notices_unsent ON notices (created_at) WHERE state <> 'sent';

-- What SQLite can express of the refusals that PostgreSQL makes by itself.

-- +goose StatementBegin
CREATE TRIGGER journals_no_update BEFORE UPDATE ON journals
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journals_no_delete BEFORE DELETE ON journals
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER postings_no_update BEFORE UPDATE ON postings
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER postings_no_delete BEFORE DELETE ON postings
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER usage_records_no_update BEFORE UPDATE ON usage_records
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER usage_records_no_delete BEFORE DELETE ON usage_records
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notes_no_update BEFORE UPDATE ON notes
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notes_no_delete BEFORE DELETE ON notes
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refund_transitions_no_update BEFORE UPDATE ON refund_transitions
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refund_transitions_no_delete BEFORE DELETE ON refund_transitions
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_accounts_open AFTER INSERT ON ledger_accounts
BEGIN
    UPDATE ledger_accounts SET balance = CASE WHEN NEW.id LIKE 'package/%' OR NEW.id LIKE 'customer/%' THEN 0 END WHERE id = NEW.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER postings_apply AFTER INSERT ON postings
BEGIN
    SELECT RAISE(ABORT, 'posting-currency') WHERE (SELECT currency FROM ledger_accounts WHERE id = NEW.ledger_account)
        IS NOT (SELECT currency FROM journals WHERE id = NEW.journal_id);
    SELECT RAISE(ABORT, 'journal-shape') WHERE NOT (
        SELECT CASE j.operation
               WHEN 'purchase' THEN NEW.ledger_account IN ('package/' || j.package_id, 'clearing/' || j.currency, 'promotion/' || j.currency)
               WHEN 'usage' THEN NEW.ledger_account IN ('package/' || j.package_id, 'revenue/' || j.currency)
               WHEN 'refund' THEN NEW.ledger_account IN ('package/' || j.package_id, 'promotion/' || j.currency,
                                                         'customer/' || j.account_id || '/' || j.currency)
               ELSE EXISTS (SELECT 1 FROM postings p WHERE p.journal_id = j.reverses AND p.ledger_account = NEW.ledger_account AND p.micros = -NEW.micros) END
          FROM journals j WHERE j.id = NEW.journal_id);
    SELECT RAISE(ABORT, 'credit-amount') WHERE NEW.ledger_account LIKE 'customer/%' AND EXISTS (
        SELECT 1 FROM journals j JOIN refunds r ON r.id = j.operation_id
         WHERE j.id = NEW.journal_id AND j.operation = 'refund' AND r.amount IS NOT NEW.micros);
    UPDATE ledger_accounts SET balance = balance + NEW.micros WHERE id = NEW.ledger_account AND balance IS NOT NULL;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journals_approved BEFORE INSERT ON journals WHEN NEW.operation = 'refund'
BEGIN
    SELECT RAISE(ABORT, 'credit-unapproved') WHERE NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.operation_id AND package_id = NEW.package_id AND account_id = NEW.account_id
           AND state = 'credited' AND approved IS NOT NULL);
    SELECT RAISE(ABORT, 'credit-remainder') WHERE NOT EXISTS (SELECT 1 FROM packages WHERE id = NEW.package_id AND status = 'refunded');
    SELECT RAISE(ABORT, 'credit-obstacle') WHERE EXISTS (
        SELECT 1 FROM packages p JOIN accounts a ON a.id = p.account_id
         WHERE p.id = NEW.package_id AND (a.standing <> 'good' OR p.dispute IN ('open', 'lost')));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journals_package BEFORE INSERT ON journals
BEGIN
    SELECT RAISE(ABORT, 'journal-package') WHERE NOT EXISTS (
        SELECT 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency);
    SELECT RAISE(ABORT, 'usage-record') WHERE NEW.operation = 'usage' AND NOT EXISTS (
        SELECT 1 FROM usage_records WHERE id = NEW.operation_id AND package_id = NEW.package_id);
    SELECT RAISE(ABORT, 'journal-reversal') WHERE NEW.operation = 'reversal' AND NOT EXISTS (
        SELECT 1 FROM journals WHERE id = NEW.reverses AND operation <> 'reversal' AND package_id = NEW.package_id AND account_id = NEW.account_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_accounts_fixed BEFORE UPDATE OF id, currency ON ledger_accounts
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refunds_start BEFORE INSERT ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition') WHERE NEW.state <> 'submitted' OR NEW.approved IS NOT NULL OR NEW.version <> 1;
    SELECT RAISE(ABORT, 'refund-package') WHERE NOT EXISTS (
        SELECT 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refunds_transition BEFORE UPDATE ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition')
     WHERE OLD.state IN ('credited', 'rejected', 'withdrawn')
        OR (NEW.state <> OLD.state AND NOT EXISTS (
            SELECT 1 FROM refund_transitions WHERE old_state = OLD.state AND new_state = NEW.state))
        OR (NEW.state = OLD.state AND NEW.held_from <> OLD.held_from)
        OR (OLD.state = 'on_hold' AND NEW.state NOT IN ('on_hold', 'rejected', 'withdrawn') AND NEW.state <> OLD.held_from)
        OR (OLD.state <> 'on_hold' AND NEW.state = 'on_hold' AND NEW.held_from <> OLD.state);
    SELECT RAISE(ABORT, 'refund-fixed')
     WHERE NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.package_id <> OLD.package_id OR NEW.requested_by <> OLD.requested_by
        OR NEW.reason_code <> OLD.reason_code OR NEW.note_id <> OLD.note_id OR NEW.currency <> OLD.currency
        OR NEW.quote_amount <> OLD.quote_amount OR NEW.quote_paid <> OLD.quote_paid OR NEW.quote_face <> OLD.quote_face
        OR NEW.quote_remaining <> OLD.quote_remaining OR (OLD.approved IS NOT NULL AND NEW.approved IS NOT OLD.approved);
    SELECT RAISE(ABORT, 'refund-version') WHERE NEW.version <> OLD.version + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refunds_approved BEFORE UPDATE ON refunds WHEN NEW.approved IS NOT NULL AND OLD.approved IS NULL
BEGIN
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE NEW.state <> 'crediting' OR OLD.state NOT IN ('screening', 'in_review')
        OR (OLD.state = 'screening' AND NEW.verdict <> 'approve');
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE OLD.state = 'in_review' AND (
           (SELECT count(DISTINCT d.voter) FROM tickets t JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'approve')
           < coalesce((SELECT max(approvals) FROM tickets WHERE refund_id = NEW.id AND queue <> 'attention'), 1)
        OR EXISTS (SELECT 1 FROM tickets t JOIN decisions d ON d.ticket_id = t.id
                    WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'reject'));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER refunds_no_delete BEFORE DELETE ON refunds
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER decisions_not_own BEFORE INSERT ON decisions
BEGIN
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND (requested_by = NEW.voter OR account_id = NEW.voter_account));
    SELECT RAISE(ABORT, 'ticket-closed') WHERE NOT EXISTS (
        SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND state = 'open');
END;
-- +goose StatementEnd

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

-- +goose StatementBegin
CREATE TRIGGER packages_start BEFORE INSERT ON packages WHEN NEW.status <> 'active'
BEGIN
    SELECT RAISE(ABORT, 'package-fixed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER packages_fixed BEFORE UPDATE ON packages
BEGIN
    SELECT RAISE(ABORT, 'package-fixed')
     WHERE NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.product <> OLD.product OR NEW.currency <> OLD.currency
        OR NEW.paid <> OLD.paid OR NEW.face <> OLD.face OR NEW.purchased_at <> OLD.purchased_at;
    SELECT RAISE(ABORT, 'package-refunded') WHERE OLD.status = 'refunded' AND NEW.status <> 'refunded';
    SELECT RAISE(ABORT, 'package-uncredited') WHERE NEW.status = 'refunded' AND OLD.status <> 'refunded'
       AND NOT EXISTS (SELECT 1 FROM refunds WHERE package_id = NEW.id AND state = 'credited');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE notices;
DROP TABLE engine_intents;
DROP TABLE audit_entries;
DROP TABLE usage_records;
DROP TABLE postings;
DROP TABLE journals;
DROP TABLE ledger_accounts;
DROP TABLE notes;
DROP TABLE decisions;
DROP TABLE tickets;
DROP TABLE idempotency_keys;
DROP TABLE refunds;
DROP TABLE refund_transitions;
DROP TABLE packages;
DROP TABLE accounts;
