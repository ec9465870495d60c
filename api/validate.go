package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"

	"refunddesk/internal/fault"
)

// validation is how requests are held to the contract: every wrong field is reported, no
// default is written into the request, and what was validated is what the handler gets.
var validation = &openapi3filter.Options{
	MultiError:              true,
	SkipSettingDefaults:     true,
	KeepValidatedValue:      true,
	AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc, // authenticate has done it
	SchemaValidationOptions: []openapi3.SchemaValidationOption{formatValidators()},
}

// validate holds the request to the contract. What has another shape than the contract
// says is 400, and so is a bad parameter or header; a field whose value cannot be is 422.
func (s *server) validate(c *gin.Context) {
	op := operationOf(c)
	if f := checkQuery(c.Request.URL, op); f != nil {
		s.refuse(c, f)
		return
	}
	if f := checkHeaders(c.Request.Header, op); f != nil {
		s.refuse(c, f)
		return
	}
	params := make(map[string]string, len(c.Params))
	for _, p := range c.Params {
		params[p.Key] = p.Value
	}
	err := openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: params, Route: op.route, Options: validation,
	})
	if err != nil {
		s.refuse(c, violations(err))
	}
}

// checkQuery refuses parameters that the call does not have and parameters given twice,
// either of which would otherwise be ignored in silence. Those without a value count as
// absent and are dropped.
func checkQuery(u *url.URL, op *operation) *fault.Error {
	if u.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return malformed("invalid-parameter", "query", "is not properly percent-encoded")
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := query[name]
		switch {
		case !slices.Contains(op.query, name) && len(op.query) == 0:
			return malformed("invalid-parameter", nameOf(name), "is not known; this call has no query parameters")
		case !slices.Contains(op.query, name):
			return malformed("invalid-parameter", nameOf(name), "is not known; this call has "+strings.Join(op.query, ", "))
		case len(values) > 1:
			return malformed("invalid-parameter", name, "is given more than once")
		case !utf8.ValidString(values[0]) || strings.ContainsFunc(values[0], forbidden):
			return malformed("invalid-parameter", name, "is one line of text in UTF-8 without control characters")
		case values[0] == "":
			delete(query, name)
		case slices.Contains(op.switches, name) && values[0] != "true" && values[0] != "false":
			return malformed("invalid-parameter", name, "is true or false") // to the validator 1 and T are, too
		}
	}
	u.RawQuery = query.Encode()
	return nil
}

// checkHeaders joins what may come in several header lines and refuses what may not.
func checkHeaders(h http.Header, op *operation) *fault.Error {
	for _, name := range op.headers {
		values := h.Values(name)
		switch {
		case len(values) < 2:
		case name == "Prefer":
			h.Set(name, strings.Join(values, ", "))
		default:
			return malformed("invalid-header", name, "is given more than once")
		}
	}
	return nil
}

// violation is one wrong thing about a request.
type violation struct {
	code  string
	shape bool // the request reads as something else than the contract says
	field string
	what  string // what would be right
	// object is where the fields belong that an "unknown-field" is one of.
	object string
}

func pointerOf(e *openapi3.SchemaError) string { return strings.Join(e.JSONPointer(), "/") }

// violations makes one fault of everything the validator found. It is a 400 as soon as
// anything about the shape is wrong, and then lists that alone: values of the wrong type
// have no meaning yet.
func violations(err error) *fault.Error {
	var found []violation
	collect(err, openapi3filter.RequestError{}, &found)
	if slices.ContainsFunc(found, func(v violation) bool { return v.shape }) {
		found = slices.DeleteFunc(found, func(v violation) bool { return !v.shape })
	}
	slices.SortStableFunc(found, func(a, b violation) int { return strings.Compare(a.field, b.field) })
	found = slices.CompactFunc(found, func(a, b violation) bool { return a.field == b.field })
	if len(found) == 0 {
		return fault.New(fault.Malformed, "malformed", "The request cannot be read as what the contract says.").With(err)
	}
	kind := fault.Unprocessable
	if found[0].shape {
		kind = fault.Malformed
	}
	fields := make([]fault.Field, 0, len(found))
	sentences := make([]string, 0, len(found))
	for _, v := range found {
		fields = append(fields, fault.Field{Name: v.field, Problem: v.what})
		sentences = append(sentences, v.field+": "+v.what)
	}
	f := fault.New(kind, found[0].code, "%s", strings.Join(sentences, "; "))
	f.Fields = fields
	return f
}

// collect walks the validator's tree of errors. Its messages hold schemas and values, so
// ours are made from the errors' parts.
func collect(err error, at openapi3filter.RequestError, found *[]violation) {
	switch e := err.(type) { //nolint:errorlint // a tree walk looks at each node itself
	case openapi3.MultiError:
		for _, each := range e {
			collect(each, at, found)
		}
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			*found = append(*found, aboutParameter(e))
			return
		}
		if e.Err != nil {
			collect(e.Err, *e, found)
			return
		}
		*found = append(*found, violation{code: "malformed", shape: true, field: "body", what: "cannot be read as what the contract says"})
	case *openapi3.SchemaError:
		if e.SchemaField == "properties" && slices.ContainsFunc(*found, func(v violation) bool { return v.code == "unknown-field" && v.object == pointerOf(e) }) {
			return // one error a field, each of which names them all
		}
		*found = append(*found, aboutField(e)...)
	default:
		*found = append(*found, violation{code: "malformed", shape: true, field: "body", what: "cannot be read as what the contract says"})
	}
}

// aboutParameter is always about the shape: a parameter says what is asked, not what is
// to be recorded.
func aboutParameter(e *openapi3filter.RequestError) violation {
	p := e.Parameter
	v := violation{code: "invalid-parameter", shape: true, field: p.Name, what: expects(p.Schema.Value)}
	if p.In == openapi3.ParameterInHeader {
		v.code = "invalid-header"
		if errors.Is(e, openapi3filter.ErrInvalidRequired) {
			v.code, v.what = "missing-header", "the header is required and "+v.what
		}
	}
	return v
}

// aboutField says what is wrong with a field of the body. One error about unknown fields
// names all of them.
func aboutField(e *openapi3.SchemaError) []violation {
	path := make([]string, 0, 4)
	for _, token := range e.JSONPointer() {
		path = append(path, nameOf(token))
	}
	name := func(more ...string) string {
		if full := strings.Join(slices.Concat(path, more), "."); full != "" {
			return full
		}
		return "body"
	}
	switch {
	case e.SchemaField == "required":
		return []violation{{code: "missing-field", shape: true, field: name(), what: "is required"}}
	case e.SchemaField == "properties":
		var unknown []violation
		object, _ := e.Value.(map[string]any)
		for key := range object {
			if e.Schema.Properties[key] == nil {
				unknown = append(unknown, violation{code: "unknown-field", shape: true, field: name(nameOf(key)), what: "is not a field here", object: pointerOf(e)})
			}
		}
		return unknown
	case !fits(e.Value, e.Schema):
		return []violation{{code: "wrong-type", shape: true, field: name(), what: "is " + typeName(e.Schema)}}
	}
	return []violation{{code: "invalid-value", field: name(), what: expects(e.Schema)}}
}

// fits reports whether a value has the JSON type that its schema asks for.
func fits(value any, schema *openapi3.Schema) bool {
	switch value.(type) {
	case nil:
		return schema.Nullable
	case string:
		return schema.Type.Permits(openapi3.TypeString)
	case bool:
		return schema.Type.Permits(openapi3.TypeBoolean)
	case map[string]any:
		return schema.Type.Permits(openapi3.TypeObject)
	case []any:
		return schema.Type.Permits(openapi3.TypeArray)
	}
	return schema.Type.Permits(openapi3.TypeNumber) || schema.Type.Permits(openapi3.TypeInteger)
}

func typeName(schema *openapi3.Schema) string {
	switch {
	case schema.Type.Is(openapi3.TypeObject):
		return "an object"
	case schema.Type.Is(openapi3.TypeArray):
		return "an array"
	case schema.Type.Is(openapi3.TypeInteger):
		return "an integer"
	}
	if types := schema.Type.Slice(); len(types) > 0 {
		return "a " + types[0]
	}
	return "of another type"
}

// expects says in words what a schema asks of a value.
func expects(schema *openapi3.Schema) string {
	if words, err := stringOf(schema.Extensions, "x-expects"); err == nil && words != "" {
		if f, ok := formats[schema.Format]; ok {
			return words + "; " + f.expects
		}
		return words
	}
	switch {
	case len(schema.Enum) > 0:
		values := make([]string, 0, len(schema.Enum))
		for _, v := range schema.Enum {
			values = append(values, fmt.Sprint(v))
		}
		return "is one of " + strings.Join(values, ", ")
	case schema.Type.Is(openapi3.TypeObject) && schema.MinProps > 0:
		return fmt.Sprintf("has at least %d field", schema.MinProps)
	case schema.Min != nil && schema.Max != nil:
		return fmt.Sprintf("is a whole number from %g to %g", *schema.Min, *schema.Max)
	case formats[schema.Format].expects != "" && schema.MaxLength != nil:
		return fmt.Sprintf("%s, at most %d characters", formats[schema.Format].expects, *schema.MaxLength)
	case formats[schema.Format].expects != "":
		return formats[schema.Format].expects
	case schema.MaxLength != nil:
		return fmt.Sprintf("has at most %d characters", *schema.MaxLength)
	}
	return "is " + typeName(schema)
}

// nameOf is a name that a caller made up: short, and in one line.
func nameOf(s string) string {
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return '?'
		}
		return r
	}, fault.Clip(s, 64))
}
