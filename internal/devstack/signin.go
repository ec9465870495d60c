package devstack

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"

	"refunddesk/internal/auth"
	"refunddesk/internal/devstack/devissuer"
)

// signIns signs people in to the console with the development issuer, under whatever name
// of this machine the browser has it open.
type signIns struct {
	client *http.Client
	access auth.Verifier
}

func newSignIns(issuer *devissuer.Issuer, access auth.Verifier) *signIns {
	return &signIns{client: &http.Client{Transport: inside(issuer.Provider())}, access: access}
}

// at is signing in with the issuer on the host of the address. All it asks is answered in
// the same process, so there is nothing worth keeping.
func (s *signIns) at(address string) (*auth.SignIn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return auth.NewSignIn(auth.SignInConfig{
		Issuer: "http://" + u.Host + devissuer.Path, ClientID: devissuer.ClientID, Access: s.access, Client: s.client,
	})
}

// Begin implements console.Issuer.
func (s *signIns) Begin(ctx context.Context, redirectURL string) (auth.Begun, error) {
	issuer, err := s.at(redirectURL)
	if err != nil {
		return auth.Begun{}, err
	}
	return issuer.Begin(ctx, redirectURL)
}

// Finish implements console.Issuer.
func (s *signIns) Finish(ctx context.Context, redirectURL string, a auth.Answer) (auth.Person, error) {
	issuer, err := s.at(redirectURL)
	if err != nil {
		return auth.Person{}, err
	}
	return issuer.Finish(ctx, redirectURL, a)
}

// EndURL implements console.Issuer.
func (s *signIns) EndURL(ctx context.Context, idToken, returnURL string) string {
	issuer, err := s.at(returnURL)
	if err != nil {
		return ""
	}
	return issuer.EndURL(ctx, idToken, returnURL)
}

// inside is a transport to handlers of this process, by path.
type inside map[string]http.Handler

// RoundTrip implements http.RoundTripper.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	h, ok := i[r.URL.Path]
	if !ok {
		h = http.NotFoundHandler()
	}
	asked := r.Clone(r.Context())
	if asked.Host == "" {
		asked.Host = r.URL.Host // as a server would see it
	}
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	defer func() { _ = asked.Body.Close() }()
	w := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, asked)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer is what a handler says.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) WriteHeader(status int)         { a.status = status }
func (a *answer) Write(text []byte) (int, error) { return a.body.Write(text) }

// routes are the development pages, for this machine only.
func routes(issuer *devissuer.Issuer, mails http.Handler) map[string]http.Handler {
	all := map[string]http.Handler{"/dev/token": issuer.Handler(), "/dev/mail": mails}
	maps.Copy(all, issuer.Provider())
	for path, h := range all {
		all[path] = localOnly(h)
	}
	return all
}
