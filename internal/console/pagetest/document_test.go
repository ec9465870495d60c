package pagetest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
)

const body = `<html><body><main id="main"><h1>Title</h1>
<form method="post" action="/x" class="a b">
<label for="name">Name</label><input id="name" name="name" value="Ann">
<label><input type="radio" name="r" value="1"> one</label><label><input type="radio" name="r" value="2" checked> two</label>
<label for="t">T</label><textarea id="t" name="t">two
lines</textarea>
<label for="s">S</label><select id="s" name="s"><option value="">none</option><option value="b" selected>b</option></select>
<label for="off">Off</label><select id="off" name="off" disabled><option value="x">x</option></select>
<input type="hidden" name="key" value="k"><button class="primary">Send</button></form>
<p class="b">out <b data-x="a b]c">in</b></p></main></body></html>`

func TestFind(t *testing.T) {
	page := pagetest.Parse(t, body)
	for selector, want := range map[string]int{
		"form": 1, "form.a.b": 1, ".b": 2, "#main .b": 2, "main p b": 1, "p form": 0, "input[name=r]": 2, "input[checked]": 1, `b[data-x="a b]c"]`: 1,
		"#name": 1, "main#main": 1, "form#main": 0, "*[name=key]": 1, "form[method=post] button.primary": 1, "input[name=r][value=2][checked]": 1, "i": 0,
	} {
		assert.Len(t, page.All(selector), want, selector)
	}
	assert.Equal(t, "out in", page.Find("p").Text())
	assert.Equal(t, "in", page.Find("p").Find("b").Text())
	assert.Nil(t, page.Find("p").Find("form"), "only what is within")
	nothing := page.Find("i")
	assert.Equal(t, "", nothing.Text()+nothing.Attr("x")+nothing.Raw())
	assert.False(t, nothing.Has("x"))
	assert.Panics(t, func() { page.Find(" ") })
}

func TestFieldsAreWhatABrowserSends(t *testing.T) {
	form := pagetest.Parse(t, body).Find("form")
	require.NotNil(t, form)
	fields := form.Fields("name", "Bob", "extra", "x")
	assert.Equal(t, "extra=x&key=k&name=Bob&r=2&s=b&t=two%0D%0Alines", fields.Encode())
}

// A page without a flaw has none, and each change of it has the one that it brings.
func TestFlaws(t *testing.T) {
	assert.Empty(t, pagetest.Parse(t, body).Flaws())
	for broken, want := range map[string]string{
		`<h1>Another</h1>`:                       "it has 2 h1",
		`<p>⟦some.key⟧</p>`:                      "words are missing",
		`<p title="⟦some.key⟧">x</p>`:            "words are missing in",
		`<p style="color:red">x</p>`:             "refused by the policy",
		`<p onclick="x()">x</p>`:                 "refused by the policy",
		`<p hx-on:click="x()">x</p>`:             "refused by the policy",
		`<style>p{}</style>`:                     "<style> is written",
		`<script>x()</script>`:                   "<script> is written",
		`<p id="main">x</p>`:                     `the id "main"`,
		`<input name="n">`:                       `the input "n" has no label`,
		`<p aria-describedby="gone">x</p>`:       "names what is not there",
		`<a href="/x"></a>`:                      "a a has no name",
		`<form action="/y"></form>`:              `has the method ""`,
		`<table><tr><th>x</th></tr></table>`:     "has no scope",
		`<table id="q"></table>`:                 `the table "q" has no caption`,
		`<table class="cards"><tr><td>1</table>`: "no data-label",
	} {
		flaws := pagetest.Parse(t, strings.Replace(body, "</main>", broken+"</main>", 1)).Flaws()
		assert.Contains(t, strings.Join(flaws, "\n"), want, broken)
	}
}
