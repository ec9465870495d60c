package static

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, a *Assets, path, accepts string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if accepts != "" {
		r.Header.Set("Accept-Encoding", accepts)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestFilesKeepTheirNameWhileTheyAreTheSame(t *testing.T) {
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, media := range map[string]string{"app.css": "text/css", "app.js": "text/javascript", "htmx.min.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		w := get(t, a, a.URL(name), "")
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), media) {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("Content-Type"))
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
	}
	if w := get(t, a, Prefix+"app.css", ""); w.Code != http.StatusNotFound {
		t.Errorf("a name without its hash: %d", w.Code)
	}
}

func TestFilesArePackedForWhoTakesIt(t *testing.T) {
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	plain := get(t, a, a.URL("app.css"), "").Body.String()
	for accepts, packed := range map[string]bool{"gzip, deflate, br": true, "br;q=1, gzip;q=0.5": true, "gzip;q=0": false, "identity": false, "": false} {
		w := get(t, a, a.URL("app.css"), accepts)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accepts, got)
			continue
		}
		if !packed {
			continue
		}
		r, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil || string(body) != plain {
			t.Errorf("%q: unpacked is another file (%v)", accepts, err)
		}
	}
}

// The first page that somebody opens has 150 kB in all; this is what every page brings along.
func TestFilesAreLight(t *testing.T) {
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, name := range []string{"app.css", "app.js", "htmx.min.js", "hx-sse.min.js", "icon.svg"} {
		n := get(t, a, a.URL(name), "gzip").Body.Len()
		t.Logf("%-14s %6d bytes", name, n)
		sum += n
	}
	if sum > 40_000 {
		t.Errorf("%d bytes on the first page", sum)
	}
}

// What the Content-Security-Policy forbids is not in the files, nor an address elsewhere.
func TestFilesNeedNoForeignAddress(t *testing.T) {
	for _, name := range []string{"app.css", "app.js"} {
		body, err := files.ReadFile("files/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"https://", "//cdn", "@import", "eval(", "new Function", ".style.", "innerHTML"} {
			if strings.Contains(string(body), bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}
