package pagetest

import (
	"net/url"
	"strings"
)

// Fields are what a browser would send of the form: what was typed, chosen and hidden. The
// names and values of changes take the place of what is there. A button's own name and value
// go along only when they are among them.
func (e *Element) Fields(changes ...string) url.Values {
	values := url.Values{}
	for _, field := range e.All("input") {
		name, kind := field.Attr("name"), field.Attr("type")
		switch {
		case name == "" || field.Has("disabled") || kind == "submit":
		case (kind == "radio" || kind == "checkbox") && !field.Has("checked"):
		default:
			values.Add(name, field.Attr("value"))
		}
	}
	for _, field := range e.All("textarea") {
		if name := field.Attr("name"); name != "" {
			// A browser drops the first line break and sends the others as CRLF.
			values.Add(name, strings.ReplaceAll(field.Raw(), "\n", "\r\n"))
		}
	}
	for _, field := range e.All("select") {
		if name := field.Attr("name"); name != "" && !field.Has("disabled") {
			values.Add(name, field.chosen())
		}
	}
	for i := 0; i+1 < len(changes); i += 2 {
		values.Set(changes[i], changes[i+1])
	}
	return values
}

// chosen is the value of a select.
func (e *Element) chosen() string {
	options := e.All("option")
	for _, o := range options {
		if o.Has("selected") {
			return o.Attr("value")
		}
	}
	if len(options) > 0 {
		return options[0].Attr("value")
	}
	return ""
}
