package auth

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"refunddesk/internal/identity"
)

// claimPath names a claim: its plain name, or the way to it through objects, with dots
// between ("realm_access.roles").
type claimPath string

// find gives the claim's value; nil when it is not there. A claim whose name itself has
// dots (a URL) goes first.
func (p claimPath) find(claims map[string]any) any {
	if v, ok := claims[string(p)]; ok {
		return v
	}
	var at any = claims
	for name := range strings.SplitSeq(string(p), ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[name]
	}
	return at
}

// strings gives the claim when it is an array, without what in it is no string.
func (p claimPath) strings(claims map[string]any) []string {
	array, _ := p.find(claims).([]any)
	var out []string
	for _, v := range array {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

var ids = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// id gives the claim when it is a string that can be an id; else "".
func (p claimPath) id(claims map[string]any) string {
	s, _ := p.find(claims).(string)
	if !ids.MatchString(s) {
		return ""
	}
	return s
}

// knownRoles leaves out roles that are not RefundDesk's: issuers add their own.
func knownRoles(names []string) []identity.Role {
	var roles []identity.Role
	for _, name := range names {
		if r := identity.Role(name); identity.Known(r) && !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles
}

// usableSubject reports whether the subject can stand in records: OpenID Connect allows
// it 255 ASCII characters. The desk's own name is not for tokens.
func usableSubject(s string) bool {
	return s != "" && len(s) <= 255 && s != identity.Desk.Subject && !strings.ContainsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsPrint(r)
	})
}
