package review

import (
	"strings"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
)

// value is what was typed, or what stands there before anything was.
func (i input) value(f *page.Form) string {
	if f == nil || !f.Has(i.Name) {
		return i.Value
	}
	return f.Get(i.Name)
}

// held is the field of a filter as the list's view has it: what the view is made of is shown,
// and not to be changed.
func (l list) held(v *page.View, i input) input {
	c := criteria[l.View]
	if c.Name != i.Name {
		return i
	}
	i.Fixed, i.Value = true, c.Value
	switch l.View {
	case viewMine:
		i.Value = v.Actor.Subject
	case viewUnassigned:
		i.Value = v.T("review.nobody")
	}
	return i
}

// described joins the field to its hint and to what is wrong with it.
func (i input) described(f *page.Form) templ.Attributes {
	a := templ.Attributes{}
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID+"-hint")
	}
	if f.Problem(i.Name) != "" {
		a["aria-invalid"] = "true"
		ids = append(ids, i.ID+"-problem")
	}
	if len(ids) > 0 {
		a["aria-describedby"] = strings.Join(ids, " ")
	}
	if i.Key != "" {
		a["data-key"], a["data-key-label"] = i.Key, i.KeyLabel
	}
	if i.Lang != "" {
		a["lang"] = i.Lang
	}
	return a
}

// choices are codes with their words, after an empty one that says what choosing none means.
func choices[T ~string](v *page.View, none, group string, codes ...T) []page.Option {
	options := []page.Option{{Label: none}}
	for _, code := range codes {
		options = append(options, page.Option{Value: string(code), Label: v.Code(group, string(code))})
	}
	return options
}
