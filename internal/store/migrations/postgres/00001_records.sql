-- The records of RefundDesk and what PostgreSQL refuses by itself, whatever the program does.
-- Money is BIGINT micros. Times are UTC. Rows of the ledger, the audit log and the decisions are never edited.

-- +goose Up

-- Roles are of the whole cluster: another database may have made them a moment ago, or whoever
-- administers them did and lets nobody else (then the grants below say if one is missing).
-- +goose StatementBegin
DO $$ BEGIN
    CREATE ROLE app_rw NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$ BEGIN
    CREATE ROLE app_ro NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$ BEGIN
    -- So that a program that migrates (development) can go on as app_rw. Where somebody else
    -- administers the roles, he grants what he wants to grant.
    EXECUTE format('GRANT app_rw TO %I', current_user);
EXCEPTION WHEN OTHERS THEN NULL;
END $$;
-- +goose StatementEnd

CREATE TABLE accounts (
    id                 text PRIMARY KEY,
    name               text        NOT NULL,
    email              text        NOT NULL,
    phone              text        NOT NULL DEFAULT '',
    payer              text        NOT NULL DEFAULT '',
    locale             text        NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'zh-Hans')),
    standing           text        NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'suspended', 'terminated')),
    standing_reason    text        NOT NULL DEFAULT '',
    registered_at      timestamptz NOT NULL,
    contact_changed_at timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    version            bigint      NOT NULL DEFAULT 1
);

CREATE TABLE packages (
    id           text PRIMARY KEY,
    account_id   text        NOT NULL REFERENCES accounts,
    product      text        NOT NULL,
    name         text        NOT NULL,
    currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    paid         bigint      NOT NULL CHECK (paid >= 0),
    face         bigint      NOT NULL CHECK (face > 0),
    status       text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'refunded')),
    dispute      text        NOT NULL DEFAULT 'none' CHECK (dispute IN ('none', 'open', 'lost', 'won')),
    auto_renew   boolean     NOT NULL DEFAULT false,
    purchased_at timestamptz NOT NULL,
    expires_at   timestamptz,
    frozen_at    timestamptz,
    created_at   timestamptz NOT NULL,
    version      bigint      NOT NULL DEFAULT 1,
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
    account_id      text        NOT NULL REFERENCES accounts,
    package_id      text        NOT NULL REFERENCES packages,
    requested_by    text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('submitted', 'screening', 'in_review', 'awaiting_customer', 'on_hold',
                                                          'crediting', 'needs_attention', 'credited', 'rejected', 'withdrawn')),
    reason_code     text        NOT NULL,
    note_id         text        NOT NULL DEFAULT '',
    currency        text        NOT NULL,
    quote_amount    bigint      NOT NULL CHECK (quote_amount > 0),
    quote_paid      bigint      NOT NULL,
    quote_face      bigint      NOT NULL,
    quote_remaining bigint      NOT NULL,
    approved        bigint      CHECK (approved > 0 AND approved <= quote_amount),
    amount          bigint      CHECK (amount > 0 AND amount <= approved),
    verdict         text        NOT NULL DEFAULT '' CHECK (verdict IN ('', 'approve', 'review', 'reject')),
    outcome         text        NOT NULL DEFAULT '',
    policy_version  text        NOT NULL DEFAULT '',
    policy_digest   text        NOT NULL DEFAULT '',
    hold_causes     text        NOT NULL DEFAULT '',
    held_from       text        NOT NULL DEFAULT '',
    held_at         timestamptz,
    provider_fault  boolean     NOT NULL DEFAULT false,
    last_op         text        NOT NULL DEFAULT '',
    last_step       text        NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    version         bigint      NOT NULL DEFAULT 1,
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
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);

CREATE TABLE tickets (
    id         text PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('refund')),
    refund_id  text        NOT NULL REFERENCES refunds,
    account_id text        NOT NULL REFERENCES accounts,
    package_id text        NOT NULL REFERENCES packages,
    state      text        NOT NULL CHECK (state IN ('open', 'closed')),
    queue      text        NOT NULL,
    assignee   text        NOT NULL DEFAULT '',
    due_at     timestamptz NOT NULL,
    approvals  integer     NOT NULL CHECK (approvals >= 1),
    matches    text        NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
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
    ticket_id     text        NOT NULL REFERENCES tickets,
    refund_id     text        NOT NULL REFERENCES refunds,
    voter         text        NOT NULL,
    voter_role    text        NOT NULL CHECK (voter_role IN ('reviewer', 'senior_reviewer')),
    voter_account text        NOT NULL DEFAULT '',
    vote          text        NOT NULL CHECK (vote IN ('approve', 'reject')),
    reason_code   text        NOT NULL,
    note_id       text        NOT NULL DEFAULT '',
    digest        text        NOT NULL,
    created_at    timestamptz NOT NULL,
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
    created_at timestamptz NOT NULL
);
CREATE INDEX notes_by_refund ON notes (refund_id);

CREATE TABLE ledger_accounts (
    -- Compared byte by byte: the accounts of one customer are a range of ids, and a language's
    -- order would find those of another whose id differs in case only.
    id       text COLLATE "C" PRIMARY KEY,
    currency text   NOT NULL,
    -- Kept for packages and customers, which can never be below zero. The operator's own
    -- accounts have none: they would be one hot row for everybody, and are summed when asked.
    balance  bigint,
    CONSTRAINT ledger_accounts_not_negative CHECK (balance >= 0)
);

CREATE TABLE journals (
    id           text PRIMARY KEY,
    operation    text        NOT NULL CHECK (operation IN ('purchase', 'usage', 'refund', 'reversal')),
    operation_id text        NOT NULL,
    currency     text        NOT NULL,
    account_id   text        NOT NULL REFERENCES accounts,
    package_id   text        NOT NULL REFERENCES packages,
    reverses     text        UNIQUE REFERENCES journals,
    input_hash   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    UNIQUE (operation, operation_id),
    CHECK ((operation = 'reversal') = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX journals_one_credit ON journals (package_id) WHERE operation = 'refund';
CREATE INDEX journals_by_account ON journals (account_id, id DESC);
CREATE INDEX journals_by_package ON journals (package_id, id DESC);

CREATE TABLE postings (
    journal_id     text     NOT NULL REFERENCES journals,
    n              smallint NOT NULL,
    ledger_account text     NOT NULL REFERENCES ledger_accounts,
    micros         bigint   NOT NULL CHECK (micros <> 0),
    PRIMARY KEY (journal_id, n)
);
CREATE INDEX postings_by_account ON postings (ledger_account);

CREATE TABLE usage_records (
    id          text PRIMARY KEY,
    package_id  text        NOT NULL REFERENCES packages,
    cost        bigint      NOT NULL CHECK (cost > 0),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX usage_by_package ON usage_records (package_id, occurred_at DESC);

CREATE TABLE audit_entries (
    seq             bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    id              text PRIMARY KEY,
    entry_version   integer     NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor           text        NOT NULL,
    role            text        NOT NULL,
    action          text        NOT NULL,
    object          text        NOT NULL,
    object_id       text        NOT NULL,
    object_version  bigint      NOT NULL DEFAULT 0,
    refund_id       text        NOT NULL DEFAULT '',
    old_state       text        NOT NULL DEFAULT '',
    new_state       text        NOT NULL DEFAULT '',
    amount          bigint,
    currency        text        NOT NULL DEFAULT '',
    reason_code     text        NOT NULL DEFAULT '',
    policy_version  text        NOT NULL DEFAULT '',
    decision_digest text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL DEFAULT '',
    workflow_id     text        NOT NULL DEFAULT '',
    run_id          text        NOT NULL DEFAULT '',
    operation_id    text        NOT NULL DEFAULT '',
    -- The transaction that wrote the entry: a change has its entry in its own.
    tx              xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX audit_by_refund ON audit_entries (refund_id, seq) WHERE refund_id <> '';
CREATE INDEX audit_by_object ON audit_entries (object, object_id, seq);
CREATE UNIQUE INDEX audit_once ON audit_entries (operation_id, object_id, action, new_state) WHERE operation_id <> '';

-- What the engine must hear of, committed with the change it is about.
CREATE TABLE engine_intents (
    id           text PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('start', 'standing', 'dispute')),
    refund_id    text        NOT NULL REFERENCES refunds,
    created_at   timestamptz NOT NULL,
    delivered_at timestamptz
);
CREATE INDEX engine_intents_open ON engine_intents (created_at, id) WHERE delivered_at IS NULL;

-- What customers are to be told, committed with the change it is about: once per event.
CREATE TABLE notices (
    id         text PRIMARY KEY,
    refund_id  text        NOT NULL REFERENCES refunds,
    event      text        NOT NULL CHECK (event IN ('received', 'in_review', 'credited', 'rejected', 'withdrawn')),
    state      text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (refund_id, event)
);
CREATE INDEX notices_unsent ON notices (created_at) WHERE state <> 'sent';

-- +goose Down
DROP TABLE notices, engine_intents, audit_entries, usage_records, postings, journals, ledger_accounts, notes,
    decisions, tickets, idempotency_keys, refunds, refund_transitions, packages, accounts;
