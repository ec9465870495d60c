package devissuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// codeLasts is how long a code can be exchanged.
	codeLasts = time.Minute
	// mostCodes is how many are kept at once; more than that is no development.
	mostCodes = 1000
	// idTokenLasts is how long an id token is good.
	idTokenLasts = time.Hour
)

// grant is what a code stands for.
type grant struct {
	request
	person  string
	expires time.Time
}

// codes are those that were given out and not yet exchanged.
type codes struct {
	mu     sync.Mutex
	grants map[string]grant
}

// add makes a code for the grant.
func (c *codes) add(g grant, now time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.grants == nil || len(c.grants) >= mostCodes {
		kept := map[string]grant{}
		for code, one := range c.grants {
			if now.Before(one.expires) && len(kept) < mostCodes/2 {
				kept[code] = one
			}
		}
		c.grants = kept
	}
	code := rand.Text()
	c.grants[code] = g
	return code
}

// take gives the grant once.
func (c *codes) take(code string, now time.Time) (grant, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.grants[code]
	delete(c.grants, code)
	return g, ok && now.Before(g.expires)
}

// idClaims of an id token.
type idClaims struct {
	jwt.Claims
	Nonce string `json:"nonce,omitempty"`
	Party string `json:"azp"`
	Name  string `json:"name"`
	// Hash binds the access token that came with it.
	Hash string `json:"at_hash"`
}

// exchange gives tokens for a code (RFC 6749, section 4.1.3).
func (i *Issuer) exchange(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	refuse := func(code, detail string) {
		i.answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": detail})
	}
	if err := r.ParseForm(); err != nil {
		refuse("invalid_request", "the body has to be a form")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		refuse("unsupported_grant_type", "grant_type: must be authorization_code")
		return
	}
	if r.PostForm.Get("client_id") != ClientID {
		refuse("invalid_client", "client_id: must be "+ClientID)
		return
	}
	now := i.now()
	g, ok := i.codes.take(r.PostForm.Get("code"), now)
	hash := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case !ok:
		refuse("invalid_grant", "code: there is none such, or it was used, or it is over")
		return
	case r.PostForm.Get("redirect_uri") != g.redirect:
		refuse("invalid_grant", "redirect_uri: is another than the code was asked with")
		return
	case subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(hash[:])), []byte(g.challenge)) != 1:
		refuse("invalid_grant", "code_verifier: is not of the code's challenge")
		return
	}
	who := Demo[g.person]
	access, err := i.Token(who)
	if err == nil {
		var id string
		if id, err = i.idToken(issuerOf(r), who, g.nonce, access); err == nil {
			i.answer(w, http.StatusOK, map[string]any{
				"access_token": access, "token_type": "Bearer", "expires_in": int(Lifetime.Seconds()), "id_token": id, "scope": "openid profile",
			})
			return
		}
	}
	i.log.Error("tokens for a code", "error", err)
	i.answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
}

func (i *Issuer) idToken(issuer string, who Identity, nonce, access string) (string, error) {
	now := i.now()
	half := sha256.Sum256([]byte(access))
	return jwt.Signed(i.signer).Claims(idClaims{
		Claims: jwt.Claims{
			Issuer: issuer, Audience: jwt.Audience{ClientID}, Subject: who.Subject,
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(idTokenLasts)),
		},
		Nonce: nonce, Party: ClientID, Name: who.Name,
		Hash: base64.RawURLEncoding.EncodeToString(half[:len(half)/2]),
	}).Serialize()
}
