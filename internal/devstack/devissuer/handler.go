package devissuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// maxBody is far more than a request for a token needs, in bytes.
const maxBody = 16 << 10

// identifiers are opaque; the limits keep them harmless in logs and queries.
var identifiers = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@|/-]{0,127}$`)

// Handler serves POST /dev/token: {subject, roles, account_id?} → {access_token}. Problems
// are RFC 9457, in the shape of the API's.
func (i *Issuer) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := i.fromRequest(w, r)
		if err != nil {
			i.problem(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		i.write(w, http.StatusOK, "application/json", map[string]string{"access_token": token})
	})
}

func (i *Issuer) fromRequest(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", fault.New(fault.MethodNotAllowed, "method-not-allowed", "A token is asked for with POST.")
	}
	// Pages of other sites cannot send this type without asking first, and are not allowed.
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return "", fault.New(fault.UnsupportedMedia, "unsupported-media-type", "The body has to be application/json in UTF-8.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return "", fault.New(fault.TooLarge, "body-too-large", "The body is longer than %d bytes.", maxBody)
	case err != nil:
		return "", fault.New(fault.Malformed, "incomplete-body", "The body ended before it was complete.").With(err)
	}
	who, err := readIdentity(body)
	if err != nil {
		return "", err
	}
	return i.Token(who)
}

// readIdentity reads exactly one JSON object with known, well-formed members.
func readIdentity(body []byte) (Identity, error) {
	// jsontext refuses what encoding/json lets pass: duplicate keys and what follows the value.
	whole := jsontext.NewDecoder(bytes.NewReader(body))
	if _, err := whole.ReadValue(); err != nil {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return Identity{}, malformed("duplicate-key", "body", "has a key twice")
		}
		return Identity{}, malformed("invalid-json", "body", "is not valid JSON")
	}
	if _, err := whole.ReadToken(); !errors.Is(err, io.EOF) {
		return Identity{}, malformed("invalid-json", "body", "has more after the JSON value")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return Identity{}, malformed("wrong-type", "body", "must be an object")
	}
	var who Identity
	var roles []string
	targets := map[string]any{"subject": &who.Subject, "roles": &roles, "account_id": &who.AccountID}
	for name, raw := range members {
		target, known := targets[name]
		if !known {
			return Identity{}, malformed("unknown-field", name, "is not known; subject, roles and account_id are")
		}
		if err := json.Unmarshal(raw, target); err != nil {
			kind := "a string"
			if name == "roles" {
				kind = "a list of strings"
			}
			return Identity{}, malformed("wrong-type", name, "must be "+kind)
		}
	}
	return checkIdentity(who, roles)
}

func checkIdentity(who Identity, roles []string) (Identity, error) {
	if !identifiers.MatchString(who.Subject) {
		return Identity{}, fault.InvalidField("subject", "is required: 1 to 128 letters, digits and . _ : @ | / -, such as user_17")
	}
	if len(roles) == 0 {
		return Identity{}, fault.InvalidField("roles", "is required: one or more of %s", roleNames())
	}
	for n, name := range roles {
		role := identity.Role(name)
		if !identity.Known(role) {
			return Identity{}, fault.InvalidField(fmt.Sprintf("roles[%d]", n), "must be one of %s", roleNames())
		}
		if slices.Contains(who.Roles, role) {
			return Identity{}, fault.InvalidField(fmt.Sprintf("roles[%d]", n), "is given twice")
		}
		who.Roles = append(who.Roles, role)
	}
	if who.AccountID == "" && slices.Contains(who.Roles, identity.Customer) {
		return Identity{}, fault.InvalidField("account_id", "is required for a customer, such as acct_demo")
	}
	if who.AccountID != "" && !identifiers.MatchString(who.AccountID) {
		return Identity{}, fault.InvalidField("account_id", "must be 1 to 128 letters, digits and . _ : @ | / -, such as acct_demo")
	}
	return who, nil
}

func roleNames() string {
	var names []string
	for _, role := range identity.Roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// malformed is the fault of a body that does not read as what the contract says.
func malformed(code, field, problem string) *fault.Error {
	f := fault.New(fault.Malformed, code, "%s: %s", field, problem)
	f.Fields = []fault.Field{{Name: field, Problem: problem}}
	return f
}

// statuses are those of the faults that this handler can answer.
var statuses = map[fault.Kind]int{
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.Malformed:        http.StatusBadRequest,
	fault.Unprocessable:    http.StatusUnprocessableEntity,
	fault.Internal:         http.StatusInternalServerError,
}

// problem answers like the API does. It is written out here because the API's own writer
// needs the API's router, and this package stays light.
func (i *Issuer) problem(w http.ResponseWriter, err error) {
	f := fault.From(err)
	status := statuses[f.Kind]
	type field struct {
		Field   string `json:"field"`
		Problem string `json:"problem"`
	}
	var fields []field
	for _, one := range f.Fields {
		fields = append(fields, field{Field: one.Name, Problem: one.Problem})
	}
	i.write(w, status, "application/problem+json", struct {
		Type   string  `json:"type"`
		Title  string  `json:"title"`
		Status int     `json:"status"`
		Code   string  `json:"code"`
		Detail string  `json:"detail"`
		Errors []field `json:"errors,omitempty"`
	}{"urn:refunddesk:problem:" + f.Code, http.StatusText(status), status, f.Code, f.Detail, fields})
}

func (i *Issuer) write(w http.ResponseWriter, status int, media string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(append(text, '\n')); err != nil {
		i.log.Debug("the asker for a token went away", "error", err)
	}
}
