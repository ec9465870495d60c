-- A sign-in under way is kept by the browser that began it: nothing of it is kept here any more.

-- +goose Up
DROP TABLE sign_ins;

-- +goose Down
CREATE TABLE sign_ins (
    state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    verifier   text        NOT NULL,
    nonce      text        NOT NULL,
    return_to  text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
GRANT SELECT, INSERT, DELETE ON sign_ins TO app_rw;
