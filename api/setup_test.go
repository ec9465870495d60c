package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"
)

// bundle is a server over a fake desk, for one test.
type bundle struct {
	*testing.T
	desk    *fakeDesk
	log     *bytes.Buffer
	handler http.Handler
	ops     operations
	ready   error
}

func setup(t *testing.T, change ...func(*Options)) *bundle {
	t.Helper()
	b := &bundle{T: t, desk: &fakeDesk{}, log: &bytes.Buffer{}}
	o := Options{
		Desk:     b.desk,
		Verifier: fakeVerifier{},
		Ready:    func(context.Context) error { return b.ready },
		Logger:   slog.New(slog.NewJSONHandler(b.log, nil)),
		Now:      func() time.Time { return noon },
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	b.handler, err = serve(o, contract())
	require.NoError(t, err)
	b.ops = strictContract()
	return b
}

// contract is the contract read once for all tests.
var contract = sync.OnceValue(func() operations {
	ops, err := readContract(contractYAML)
	if err != nil {
		panic(err)
	}
	return ops
})

// strictContract is the contract with answers that may have no field beyond those it names.
var strictContract = sync.OnceValue(func() operations {
	ops, err := readContract(contractYAML)
	if err != nil {
		panic(err)
	}
	for _, schema := range ops["GET /healthz"].route.Spec.Components.Schemas {
		if schema.Value.Type.Is(openapi3.TypeObject) {
			no := false
			schema.Value.AdditionalProperties.Has = &no
		}
	}
	return ops
})

// call is a request to make.
type call struct {
	as      string // who: a key of people; "" for nobody
	method  string
	path    string
	body    string
	headers map[string]string
}

// do makes the call and holds the answer to the contract.
func (b *bundle) do(c call) *httptest.ResponseRecorder {
	b.Helper()
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, c.path, body)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.as != "" {
		r.Header.Set("Authorization", "Bearer "+c.as)
	}
	for k, v := range c.headers {
		if v == "" {
			r.Header.Del(k)
			continue
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	require.NotEmpty(b, w.Header().Get("X-Request-Id"))
	require.Equal(b, "nosniff", w.Header().Get("X-Content-Type-Options"))
	b.checkAnswer(r, w)
	return w
}

// checkAnswer holds an answer to what the contract says of the operation and status.
func (b *bundle) checkAnswer(r *http.Request, w *httptest.ResponseRecorder) {
	b.Helper()
	if w.Code >= 400 {
		require.Equal(b, "application/problem+json", w.Header().Get("Content-Type"), w.Body.String())
		p := problem(b, w)
		require.Equal(b, w.Code, p.Status)
		require.Equal(b, ProblemType+p.Code, p.Type)
		require.Equal(b, w.Header().Get("X-Request-Id"), p.Instance)
		require.Equal(b, http.StatusText(w.Code), p.Title)
	}
	op := b.ops.find(r.Method, r.URL.Path)
	if op == nil || strings.HasSuffix(r.URL.Path, ".yaml") {
		return
	}
	err := openapi3filter.ValidateResponse(b.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: op.route},
		Status:                 w.Code,
		Header:                 w.Header(),
		Body:                   io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, SchemaValidationOptions: []openapi3.SchemaValidationOption{formatValidators()}},
	})
	require.NoError(b, err)
}

// find gives the operation that serves a path, by its template.
func (ops operations) find(method, path string) *operation {
	parts := strings.Split(path, "/")
search:
	for key, op := range ops {
		verb, template, _ := strings.Cut(key, " ")
		pattern := strings.Split(template, "/")
		if verb != method || len(pattern) != len(parts) {
			continue
		}
		for i := range parts {
			if pattern[i] != parts[i] && !strings.HasPrefix(pattern[i], ":") {
				continue search
			}
		}
		return op
	}
	return nil
}

func problem(t require.TestingT, w *httptest.ResponseRecorder) Problem {
	var p Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p), w.Body.String())
	return p
}

// fields are the names of the fields that a problem is about.
func (p Problem) fields() []string {
	var names []string
	if p.Errors != nil {
		for _, f := range *p.Errors {
			names = append(names, f.Field)
		}
	}
	return names
}

func (c call) by(who string) call { c.as = who; return c }
func (c call) with(body string) call {
	c.body = body
	return c
}
func (c call) at(path string) call { c.path = path; return c }
