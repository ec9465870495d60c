package console

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/auth"
)

// signInPatience is how long somebody may take at the issuer.
const signInPatience = 10 * time.Minute

// pending is a sign-in that is under way at the issuer. The browser that began it keeps it,
// and nothing is kept here: anybody can begin one, as often as he likes. No other browser can
// come back with its state. What its owner makes of his own cookie signs in nobody: the code
// is good once and for this verifier, and the id token is for this nonce.
type pending struct {
	State    string `json:"s"`
	Verifier string `json:"v"`
	Nonce    string `json:"n"`
	ReturnTo string `json:"r,omitempty"`
	Until    int64  `json:"u"` // seconds
}

// secrets are what auth makes of 256 random bits; nothing else is ours.
var secrets = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// counts reports whether it is one of ours and may still come back.
func (p pending) counts(now time.Time) bool {
	return secrets.MatchString(p.State) && secrets.MatchString(p.Verifier) && secrets.MatchString(p.Nonce) && now.Before(time.Unix(p.Until, 0))
}

// mostPending is how long the cookie may be. Browsers take 4096 bytes with its name and
// attributes; a few tabs that are at it fit, and of more the newest.
const mostPending = 3600

// pendings are the sign-ins that the browser is at, oldest first, without those that took
// too long. A cookie that we would not have set is none.
func (c *Console) pendings(r *http.Request) []pending {
	value := cookieOf(r, c.cookieName(pendingCookie))
	if len(value) > mostPending {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	var all, kept []pending
	if json.Unmarshal(text, &all) != nil {
		return nil
	}
	for _, p := range all {
		if p.counts(c.o.Now()) {
			p.ReturnTo = localPath(p.ReturnTo)
			kept = append(kept, p)
		}
	}
	return kept
}

// keepPendings gives them to the browser, as many of the newest as it takes. The way back of
// one that does not fit by itself is given up.
func (c *Console) keepPendings(g *gin.Context, all []pending) {
	name := c.cookieName(pendingCookie)
	for len(all) > 0 {
		switch value := encode(all); {
		case len(value) <= mostPending:
			c.setCookie(g, name, value, signInPatience)
			return
		case len(all) == 1 && all[0].ReturnTo != "":
			p := all[0]
			p.ReturnTo = ""
			all = []pending{p}
		default:
			all = all[1:]
		}
	}
	c.setCookie(g, name, "", -1)
}

func encode(all []pending) string {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	lines.SetEscapeHTML(false) // a way back has many ampersands
	_ = lines.Encode(all)      // texts and numbers always can be
	return base64.RawURLEncoding.EncodeToString(text.Bytes())
}

// begin has the browser keep one more.
func (c *Console) begin(g *gin.Context, b auth.Begun, returnTo string) {
	c.keepPendings(g, append(c.pendings(g.Request), pending{
		State: b.State, Verifier: b.Verifier, Nonce: b.Nonce, ReturnTo: returnTo, Until: c.o.Now().Add(signInPatience).Unix(),
	}))
}

// take gives the sign-in of the state and has the browser forget it, however it ends. Errors:
// sign-in-lost.
func (c *Console) take(g *gin.Context, state string) (pending, error) {
	var found *pending
	var others []pending
	for _, p := range c.pendings(g.Request) {
		if subtle.ConstantTimeCompare([]byte(p.State), []byte(state)) == 1 {
			found = &p
			continue
		}
		others = append(others, p)
	}
	if found == nil {
		return pending{}, errLost
	}
	c.keepPendings(g, others)
	return *found, nil
}
