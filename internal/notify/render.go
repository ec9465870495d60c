package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"unicode"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// Message is a notice in words, in the customer's language.
type Message struct {
	Locale  string // that it is written in: "en" or "zh-Hans"
	Subject string // one line
	Text    string // for readers of plain text
	HTML    string // the same, for the others
}

//go:embed templates/*.tmpl
var layoutFiles embed.FS

// strictParser refuses a sentence that asks for a value nobody gave it.
var strictParser = &i18ntemplate.TextParser{Option: "missingkey=error"}

// words is what rendering needs, read once: the files are part of the program.
var words = sync.OnceValues(func() (*library, error) {
	sentences, err := readCatalogue(localeFiles)
	if err != nil {
		return nil, err
	}
	text, err := texttemplate.ParseFS(layoutFiles, "templates/message.txt.tmpl")
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	html, err := htmltemplate.ParseFS(layoutFiles, "templates/message.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &library{sentences: sentences, text: text, html: html}, nil
})

type library struct {
	sentences *catalogue
	text      *texttemplate.Template
	html      *htmltemplate.Template
}

// letter is what both layouts are filled with.
type letter struct {
	Lang, Headline, Greeting string
	Happened, Money, Next    string // what happened, what it means for the money, who moves next
	Facts                    []fact
	Colon                    string // between a fact's label and its value
	Help, Automatic          string
}

type fact struct{ Label, Value string }

// publicReasons are the reason codes that a customer is told in words of their own. Any
// other code reads as "other": what a reviewer or a rule thought stays inside. True marks
// those after which "the package keeps its balance" is no news or not true; they have a
// sentence of their own about the money.
var publicReasons = map[string]bool{
	"suspected_abuse":             false,
	"agreement_violated":          false,
	"unverified":                  false,
	otherReason:                   false,
	refund.OutcomeTerminated:      true,
	refund.OutcomeDisputeLost:     true,
	refund.OutcomeNothingToRefund: true,
}

const otherReason = "other"

// Render puts the notice into words in its locale, English when we do not write that one.
// Whatever comes from outside is made one line first, so that a package's name can add
// neither a header nor a line to the message. Returns fault Internal "notice-unknown" for
// an event without words and "notice-incomplete" when a sentence misses a value; neither
// names the customer.
func Render(n Notice) (Message, error) {
	lib, err := words()
	if err != nil {
		return Message{}, err
	}
	if !slices.Contains(Events, n.Event) {
		return Message{}, fault.New(fault.Internal, "notice-unknown", "There are no words for a notice of this event.")
	}
	locale := lib.sentences.localeOf(n.Locale)
	reason := n.Reason
	if _, public := publicReasons[reason]; !public {
		reason = otherReason
	}
	data := map[string]string{
		"Name":     oneLine(n.Name),
		"Package":  oneLine(n.PackageName),
		"Amount":   oneLine(n.Amount),
		"RefundID": oneLine(n.RefundID),
	}
	r := &reader{localizer: lib.sentences.localizers[locale], data: data}
	if data["Package"] == "" {
		data["Package"] = r.say("package.nameless")
	}
	if n.Event == Rejected {
		data["Reason"] = r.say("reason." + reason)
	}
	l := compose(r, n.Event, reason)
	l.Lang = locale
	subject := r.say(string(n.Event) + ".subject")
	if r.err != nil {
		return Message{}, incomplete(r.err)
	}
	var text, html strings.Builder
	if err := lib.text.Execute(&text, l); err != nil {
		return Message{}, incomplete(err)
	}
	if err := lib.html.Execute(&html, l); err != nil {
		return Message{}, incomplete(err)
	}
	return Message{Locale: locale, Subject: oneLine(subject), Text: text.String(), HTML: html.String()}, nil
}

func compose(r *reader, e Event, reason string) letter {
	event := string(e)
	greeting := "greeting"
	if r.data["Name"] == "" {
		greeting = "greeting.nameless"
	}
	aboutMoney := event + ".money"
	if e == Rejected && publicReasons[reason] {
		aboutMoney += "." + reason
	}
	amountLabel := "label.asked"
	if e == Credited {
		amountLabel = "label.credited"
	}
	l := letter{
		Headline:  r.say(event + ".headline"),
		Greeting:  r.say(greeting),
		Happened:  r.say(event + ".happened"),
		Money:     r.say(aboutMoney),
		Next:      r.say(event + ".next"),
		Colon:     r.say("label.colon"),
		Help:      r.say("help"),
		Automatic: r.say("automatic"),
	}
	for _, f := range []fact{
		{"label.package", r.data["Package"]},
		{amountLabel, r.data["Amount"]},
		{"label.refund", r.data["RefundID"]},
	} {
		if f.Value != "" {
			l.Facts = append(l.Facts, fact{Label: r.say(f.Label), Value: f.Value})
		}
	}
	return l
}

func incomplete(cause error) error {
	return fault.New(fault.Internal, "notice-incomplete", "A sentence of the notice could not be put together.").With(cause)
}

// longest is how much of one value goes into a message, in characters.
const longest = 200

// oneLine makes text from outside safe to stand in a header and in a sentence: line
// breaks and control characters become spaces, marks that turn the reading direction are
// dropped, and what is longer than anybody would read is cut.
func oneLine(s string) string {
	var b strings.Builder
	length, space := 0, false
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), r == '\u2028', r == '\u2029':
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Bidi_Control, r), r == '\ufeff':
			continue
		}
		if length >= longest {
			b.WriteRune('…')
			return b.String()
		}
		if space {
			b.WriteByte(' ')
			space, length = false, length+1
		}
		b.WriteRune(r)
		length++
	}
	return b.String()
}
