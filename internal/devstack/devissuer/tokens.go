package devissuer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// WriteTokens writes DIR/tokens.json, an object from demo person to bearer token, and gives
// its content. Tokens that the file has already are kept while they have MinRemaining left,
// so that a script which read them before a restart goes on working.
func (i *Issuer) WriteTokens() (map[string]string, error) {
	path := filepath.Join(i.dir, "tokens.json")
	old := map[string]string{}
	// A missing or broken file just means that all tokens are new.
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &old) != nil {
		old = nil
	}
	tokens := make(map[string]string, len(Demo))
	for name, who := range Demo {
		if i.stillGood(old[name], who) {
			tokens[name] = old[name]
			continue
		}
		token, err := i.Token(who)
		if err != nil {
			return nil, err
		}
		tokens[name] = token
	}
	text, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the demo people's tokens: %w", err)
	}
	whole, err := writeBeside(path, append(text, '\n'))
	if err != nil {
		return nil, fmt.Errorf("write the demo people's tokens: %w", err)
	}
	if err := os.Rename(whole, path); err != nil {
		_ = os.Remove(whole)
		return nil, fmt.Errorf("write the demo people's tokens: %w", err)
	}
	return tokens, nil
}

// stillGood reports whether the token is ours, says what we would say now and lasts.
func (i *Issuer) stillGood(token string, who Identity) bool {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return false
	}
	var has claims
	if err := parsed.Claims(i.key.Public(), &has); err != nil {
		return false
	}
	return has.Issuer == Name && has.Audience.Contains(Audience) &&
		has.Subject == who.Subject && has.AccountID == who.AccountID && slices.Equal(has.Roles, who.Roles) &&
		has.Expiry != nil && has.Expiry.Time().Sub(i.now()) >= MinRemaining
}
