// Package session is what the web console knows of somebody who signed in, and the tokens
// that a browser shows for it. Tokens are never kept: whatever is kept is kept under their hash.
package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// Session is somebody who signed in with the issuer, and is the console's only knowledge of him.
type Session struct {
	Subject    string
	Roles      []identity.Role
	AccountID  string // the customer's own account, or the account a member of staff owns
	Name       string // how the console greets him
	Locale     string // the language of the pages; empty for the browser's own
	LogoutHint string // the issuer's id token, to end the session there too
	CreatedAt  time.Time
	SeenAt     time.Time
	ExpiresAt  time.Time // the absolute limit, however busy he is
}

// Actor is who acts in this session.
func (s Session) Actor() identity.Actor {
	return identity.Actor{Subject: s.Subject, Roles: s.Roles, AccountID: s.AccountID}
}

// Limits are how long a session lasts.
type Limits struct {
	Idle     time.Duration // without a request
	Absolute time.Duration // with however many
}

// The limits of an installation that sets none: a working day, and an hour away from the desk.
const (
	DefaultIdle     = time.Hour
	DefaultAbsolute = 12 * time.Hour
)

// ErrNone is the refusal: that a session ended and that there never was one are the same to
// who asks.
var ErrNone = fault.New(fault.NotFound, "no-session", "There is no such session, or it has ended; sign in again.")

// Hash is the SHA-256 of a token. It finds what is kept under it and does not give the token away.
type Hash [sha256.Size]byte

const tokenBytes = 32

// NewToken makes a token of 256 random bits that fits a cookie and an address, and its hash.
func NewToken() (string, Hash) {
	var secret [tokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the program instead
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	return token, HashOf(token)
}

// HashOf is the hash of a token as the browser shows it.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }
