package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"refunddesk/internal/fault"
)

// MaxBody is the longest body a call takes, in bytes.
const MaxBody = 1 << 20

// drained is how much of a body that is too long is still read, so that a client which
// sends before it listens gets to see the answer.
const drained = 8 * MaxBody

var errTooLarge = fault.New(fault.TooLarge, "body-too-large", "The body is longer than 1 MiB.")

// limitBody refuses a body that says it is too long, and stops one that turns out to be.
func limitBody(c *gin.Context) {
	if c.Request.ContentLength > MaxBody {
		_, _ = io.CopyN(io.Discard, c.Request.Body, drained) // whether it arrives or not, the answer is the same
		answer(c, errTooLarge)
		return
	}
	if c.Request.Body != nil {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxBody)
	}
}

// readBody reads the body of a call that has one and checks that it is one JSON value
// without ambiguities: what the validator saw, the handler sees.
func (s *server) readBody(c *gin.Context) {
	op := operationOf(c)
	if op.body == nil || c.Request.Body == nil {
		c.Request.Body, c.Request.ContentLength = http.NoBody, 0
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		s.refuse(c, errTooLarge)
		return
	case err != nil:
		s.refuse(c, fault.New(fault.Malformed, "incomplete-body", "The body ended before it was complete.").With(err))
		return
	case len(body) == 0:
		c.Request.Body, c.Request.ContentLength = http.NoBody, 0
		if op.body.Required {
			s.refuse(c, malformed("missing-body", "body", "is required, a JSON object"))
		}
		return
	}
	if f := checkMedia(c.Request.Header); f != nil {
		s.refuse(c, f)
		return
	}
	if f := checkSize(body); f != nil {
		s.refuse(c, f)
		return
	}
	if f := checkJSON(body); f != nil {
		s.refuse(c, f)
		return
	}
	c.Request.Header.Set("Content-Type", "application/json")
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	c.Request.ContentLength = int64(len(body))
}

func checkMedia(h http.Header) *fault.Error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return fault.New(fault.UnsupportedMedia, "unsupported-media-type", "The body has to be application/json in UTF-8.")
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fault.New(fault.UnsupportedMedia, "unsupported-media-type", "The body has to come without Content-Encoding.")
	}
	return nil
}

// checkJSON returns nil for exactly one JSON value in UTF-8 without duplicate keys.
func checkJSON(body []byte) *fault.Error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if _, err := dec.ReadValue(); err != nil {
		var syntax *jsontext.SyntacticError
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
			return malformed("duplicate-key", fieldOf(syntax.JSONPointer), "is given twice")
		case errors.As(err, &syntax):
			return malformed("invalid-json", "body", "is not valid JSON at byte "+strconv.FormatInt(syntax.ByteOffset, 10))
		}
		return malformed("invalid-json", "body", "is not complete JSON")
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return malformed("invalid-json", "body", "has more after the JSON value")
	}
	return nil
}

// The contract's bodies are flat and have a dozen fields, or a list of 200 ids. What is
// beyond these bounds is refused before it is held against the contract, which costs far
// more than reading it.
const (
	mostFields = 125
	mostDepth  = 8
)

// checkSize returns nil for JSON of no more fields and levels than a body of ours can have.
func checkSize(body []byte) *fault.Error {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	for values := 0; ; values++ {
		if _, err := dec.ReadToken(); err != nil {
			return nil // the end; what is not JSON is reported as that
		}
		if dec.StackDepth() > mostDepth {
			return malformed("invalid-json", "body", "is nested more than "+strconv.Itoa(mostDepth)+" levels deep")
		}
		if values > 2*mostFields { // a name and a value each
			return malformed("too-many-fields", "body", "has more than "+strconv.Itoa(mostFields)+" fields")
		}
	}
}

// fieldOf writes a JSON pointer as the path people know: price.amount.
func fieldOf(pointer jsontext.Pointer) string {
	var path []string
	for token := range pointer.Tokens() {
		path = append(path, nameOf(token))
	}
	if len(path) == 0 {
		return "body"
	}
	return strings.Join(path, ".")
}
