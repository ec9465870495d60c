-- A form is sent once: the same as in PostgreSQL.

-- +goose Up
ALTER TABLE messages ADD COLUMN form_key text;
CREATE UNIQUE INDEX messages_sent_once ON messages (author, form_key) WHERE form_key IS NOT NULL;

-- +goose Down
DROP INDEX messages_sent_once;
ALTER TABLE messages DROP COLUMN form_key;
