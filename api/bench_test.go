package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkFileRefund is what the server itself costs on the way to the desk: checks,
// validation, answer. The desk does nothing.
func BenchmarkFileRefund(b *testing.B) {
	handler, err := New(Options{Desk: &fakeDesk{}, Verifier: fakeVerifier{}, Ready: nobodyIsAway, RateLimit: 1e9})
	if err != nil {
		b.Fatal(err)
	}
	c := good["fileRefund"]
	for b.Loop() {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer customer")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "key")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Body)
		}
	}
}
