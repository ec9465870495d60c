package inbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"join": func(to []string) string { return strings.Join(to, ", ") },
}).Parse(pageText))

// item is a mail in JSON.
type item struct {
	To        string `json:"to"`
	Subject   string `json:"subject"`
	Text      string `json:"text"`
	MessageID string `json:"message_id"`
}

// Handler shows the mails, newest first: a page, or {"items":[…]} when the request accepts
// application/json or says ?format=json. ?to= leaves those to one address.
func (i *Inbox) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "The inbox is read with GET.", http.StatusMethodNotAllowed)
			return
		}
		to := strings.TrimSpace(r.URL.Query().Get("to"))
		mails := i.Mails(to)
		var body bytes.Buffer
		var err error
		if wantsJSON(r) {
			w.Header().Set("Content-Type", "application/json")
			err = writeJSON(&body, mails)
		} else {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
			err = page.Execute(&body, struct {
				To    string
				Mails []Mail
			}{to, mails})
		}
		if err != nil {
			http.Error(w, "The inbox could not be shown.", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = body.WriteTo(w) // a reader who went away needs no answer
	})
}

func writeJSON(body *bytes.Buffer, mails []Mail) error {
	items := make([]item, 0, len(mails))
	for _, m := range mails {
		items = append(items, item{To: strings.Join(m.To, ", "), Subject: m.Subject, Text: m.Text, MessageID: m.MessageID})
	}
	enc := json.NewEncoder(body)
	enc.SetEscapeHTML(false)
	return enc.Encode(map[string]any{"items": items})
}

// wantsJSON lets the parameter decide, else the first of JSON and HTML in Accept.
func wantsJSON(r *http.Request) bool {
	switch r.URL.Query().Get("format") {
	case "json":
		return true
	case "html":
		return false
	}
	for _, choice := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		switch media, _, err := mime.ParseMediaType(choice); {
		case err != nil:
			continue
		case media == "application/json":
			return true
		case media == "text/html":
			return false
		}
	}
	return false
}
