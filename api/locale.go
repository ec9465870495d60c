package api

import (
	"context"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"

	"refunddesk/internal/refund"
)

// locales are those that customers are written to in, and how a browser asks for them.
var (
	locales    = []string{refund.English, refund.SimplifiedChinese}
	understood = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})
)

// localeOf is the locale that the request's Accept-Language asks for, empty when it asks
// for none that we have.
func localeOf(ctx context.Context) string {
	c, ok := ctx.(*gin.Context)
	if !ok {
		return ""
	}
	tags, _, err := language.ParseAcceptLanguage(c.GetHeader("Accept-Language"))
	if err != nil {
		return ""
	}
	if _, i, confidence := understood.Match(tags...); confidence > language.No {
		return locales[i]
	}
	return ""
}
