package inbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// Mail is one mail as people read it.
type Mail struct {
	To        []string // the addresses it was delivered to
	Subject   string
	Text      string // the plain text part, else the first text part of any kind
	MessageID string // without angle brackets
	Received  time.Time
	file      string
}

func (m Mail) isTo(address string) bool {
	return slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) })
}

// maxDepth is how deep multipart bodies are followed.
const maxDepth = 8

// parse reads what it can: a mail that is no proper mail is shown as the text that it is.
func parse(raw []byte) Mail {
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{Text: clean(raw)}
	}
	m := Mail{
		Subject:   decodeWords(message.Header.Get("Subject")),
		MessageID: strings.Trim(strings.TrimSpace(message.Header.Get("Message-Id")), "<>"),
	}
	var texts texts
	texts.read(message.Header.Get, message.Body, maxDepth)
	m.Text = texts.plain
	if !texts.hasPlain {
		m.Text = texts.other
	}
	return m
}

// texts are the first plain and the first other text part.
type texts struct {
	plain, other string
	hasPlain     bool
	hasOther     bool
}

func (t *texts) read(header func(string) string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045: what says nothing is plain text
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && depth > 0:
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			t.read(part.Header.Get, part, depth-1)
		}
	case strings.HasPrefix(header("Content-Disposition"), "attachment"):
	case kind == "text/plain" && !t.hasPlain:
		t.plain, t.hasPlain = decode(header, body), true
	case strings.HasPrefix(kind, "text/") && !t.hasOther:
		t.other, t.hasOther = decode(header, body), true
	}
}

// decode undoes the transfer encoding. What is broken in the middle is shown up to there.
func decode(header func(string) string, body io.Reader) string {
	switch strings.ToLower(strings.TrimSpace(header("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(body)
	return clean(text)
}

// clean makes lines end as everywhere but in mail, and leaves only valid UTF-8.
func clean(text []byte) string {
	return strings.TrimRight(strings.ToValidUTF8(strings.ReplaceAll(string(text), "\r\n", "\n"), "\uFFFD"), "\n")
}

func decodeWords(text string) string {
	var words mime.WordDecoder
	out, err := words.DecodeHeader(text)
	if err != nil {
		return clean([]byte(text)) // a charset that nobody of ours writes
	}
	return clean([]byte(out))
}
