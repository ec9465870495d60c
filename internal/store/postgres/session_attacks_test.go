package postgres_test

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// session is a session of the console, of somebody who may decide.
func (w *world) session(change map[string]any) statement {
	hash, now := sha256.Sum256([]byte("token")), w.Clock.Now()
	row := map[string]any{
		"id_hash": hash[:], "subject": "rita", "roles": "reviewer", "created_at": now, "seen_at": now, "expires_at": now.Add(time.Hour),
	}
	for column, value := range change {
		row[column] = value
	}
	return insert("sessions", row)
}

const look = "INSERT INTO viewers (ticket_id, subject, seen_at) VALUES ('t', 'rita', now()) ON CONFLICT (ticket_id, subject) DO UPDATE SET seen_at = excluded.seen_at"

// sessionAttacks make themselves somebody, or read who is.
func sessionAttacks() []attack {
	// As a browser shows it: whoever kept that would give sessions away with the table.
	token := []byte(base64.RawURLEncoding.EncodeToString(make([]byte, 32)))
	edited := func(table, column string) attack {
		return attack{name: table + " edited: " + column, rule: forbidden, do: func(w *world) []statement {
			return []statement{w.session(nil), run(look), run("UPDATE " + table + " SET " + column + " = " + column)}
		}}
	}
	list := []attack{
		{name: "a session under its token", rule: "sessions_id_hash_check", do: func(w *world) []statement {
			return []statement{w.session(map[string]any{"id_hash": token})}
		}},
	}
	for _, column := range []string{"id_hash", "subject", "roles", "account_id", "name", "logout_hint", "created_at", "expires_at"} {
		list = append(list, edited("sessions", column))
	}
	list = append(list, attack{name: "a reader reads sessions", rule: forbidden, as: readers, do: func(*world) []statement {
		return []statement{run("SELECT 1 FROM sessions")}
	}})
	return append(list, edited("viewers", "subject"))
}
