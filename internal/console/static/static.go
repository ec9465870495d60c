// Package static is the style sheet and the scripts of the pages, served from the program
// itself under names that change with their content.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed files
var files embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// asset is one file under its own name.
type asset struct {
	body   []byte
	packed []byte // gzipped; nil when that is no shorter
	media  string
}

// Assets are the files.
type Assets struct {
	urls   map[string]string // by plain name
	byPath map[string]asset
}

// Load hashes the files.
func Load() (*Assets, error) {
	a := &Assets{urls: map[string]string{}, byPath: map[string]asset{}}
	entries, err := fs.ReadDir(files, "files")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		body, err := files.ReadFile("files/" + e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		url := Prefix + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.urls[e.Name()] = url
		packed, err := pack(body)
		if err != nil {
			return nil, err
		}
		a.byPath[url] = asset{body: body, packed: packed, media: mime.TypeByExtension(ext)}
	}
	return a, nil
}

// URL is where the file of the plain name is.
func (a *Assets) URL(name string) string { return a.urls[name] }

// ServeHTTP serves a file, to be kept by browsers for good: its name changes with it.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := a.byPath[r.URL.Path]
	if !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	body := found.body
	if found.packed != nil && takesGzip(r) {
		body = found.packed
		h.Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(body)
}

// pack compresses a file once, when the program starts.
func pack(body []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if packed.Len() >= len(body) {
		return nil, nil
	}
	return packed.Bytes(), nil
}

// takesGzip reports whether the browser reads gzip. Browsers do not refuse it by weight.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";"); name == "gzip" {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") || strings.Contains(weight, "0.")
		}
	}
	return false
}
