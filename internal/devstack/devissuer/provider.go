package devissuer

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The console signs in here as with any OpenID Connect provider, of which this is a small
// one: the authorization code flow with PKCE for one public client on this machine. Its
// issuer URL is wherever the browser finds it, so that another port or localhost will do.
const (
	// Path is what its issuer URL ends with, and all its pages are below.
	Path = "/dev/oidc"
	// ClientID is that of the console.
	ClientID = "refunddesk-console"

	callbackPath  = "/sign-in/callback"
	signedOutPath = "/signed-out"
)

// Provider gives the handlers of the provider, by their exact path.
func (i *Issuer) Provider() map[string]http.Handler {
	return map[string]http.Handler{
		Path + "/.well-known/openid-configuration": only(i.discovery, http.MethodGet),
		Path + "/keys":        only(i.keys, http.MethodGet),
		Path + "/authorize":   only(i.authorize, http.MethodGet, http.MethodPost),
		Path + "/token":       only(i.exchange, http.MethodPost),
		Path + "/end-session": only(i.endSession, http.MethodGet, http.MethodPost),
		Path + "/people.css":  only(styles, http.MethodGet),
	}
}

// only refuses other methods. HEAD goes with GET.
func only(h http.HandlerFunc, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if slices.Contains(methods, r.Method) || (r.Method == http.MethodHead && slices.Contains(methods, http.MethodGet)) {
			h(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		http.Error(w, "This page does not take that method.", http.StatusMethodNotAllowed)
	})
}

// issuerOf is the issuer URL as the request finds it.
func issuerOf(r *http.Request) string { return "http://" + r.Host + Path }

func (i *Issuer) discovery(w http.ResponseWriter, r *http.Request) {
	issuer := issuerOf(r)
	i.answer(w, http.StatusOK, map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         issuer + "/authorize",
		"token_endpoint":                                 issuer + "/token",
		"jwks_uri":                                       issuer + "/keys",
		"end_session_endpoint":                           issuer + "/end-session",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{Algorithm},
		"scopes_supported":                               []string{"openid", "profile"},
		"claims_supported":                               []string{"sub", "name"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	public := jose.JSONWebKey{Key: i.key.Public(), KeyID: i.keyID, Algorithm: Algorithm, Use: "sig"}
	i.answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
}

// answer writes JSON that nobody keeps.
func (i *Issuer) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		i.log.Debug("the asker went away", "error", err)
	}
}

// endSession ends nothing: everybody is one click away here, and nobody stays signed in. It
// sends the browser back to where it wants, if that is a page of ours for it.
func (i *Issuer) endSession(w http.ResponseWriter, r *http.Request) {
	back := r.FormValue("post_logout_redirect_uri")
	if !onThisMachine(back, signedOutPath) {
		http.Error(w, "post_logout_redirect_uri: must be http on this machine, "+signedOutPath, http.StatusBadRequest)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, withParameters(back, map[string]string{"state": r.FormValue("state")}), http.StatusSeeOther)
}
