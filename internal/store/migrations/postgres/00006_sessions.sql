-- Sign-ins and sessions of the web console, and who looks at a case now. None of it is part of the record: a
-- session is over when its row is gone, and nobody reads one but the program itself.

-- +goose Up
-- Kept under the hash of its token, which only the browser has: whoever reads the table cannot go on with it.
CREATE TABLE sessions (
    id_hash     bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
    subject     text        NOT NULL,
    roles       text        NOT NULL, -- joined by commas
    account_id  text        NOT NULL DEFAULT '',
    name        text        NOT NULL DEFAULT '',
    locale      text        NOT NULL DEFAULT '',
    logout_hint text        NOT NULL DEFAULT '', -- the id token, to tell the issuer that this session is over
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_subject ON sessions (subject);

-- A sign-in that is under way at the issuer. It is taken once.
CREATE TABLE sign_ins (
    state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    verifier   text        NOT NULL,
    nonce      text        NOT NULL,
    return_to  text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

-- Who had a case open, and when last. A mark of courtesy: it refers to nothing and holds nobody up.
CREATE TABLE viewers (
    ticket_id text        NOT NULL,
    subject   text        NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, subject)
);
CREATE INDEX viewers_by_time ON viewers (seen_at);

-- Whose a session is and when it ends is fixed.
GRANT SELECT, INSERT, DELETE ON sessions, sign_ins, viewers TO app_rw;
GRANT UPDATE (seen_at) ON sessions, viewers TO app_rw;
GRANT SELECT ON viewers TO app_ro;

-- +goose Down
DROP TABLE viewers, sign_ins, sessions;
