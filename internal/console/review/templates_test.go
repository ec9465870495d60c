package review_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A case is nobody's, the reader's own or somebody else's.
func TestWhoseACaseIs(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p")
	assert.NotEmpty(t, o.get(rita, "/review/"+id).Find("#case-assignee .nobody").Text())
	_, err := o.Desk.Claim(o.Ctx, rita, id)
	assert.NoError(t, err)
	assert.Equal(t, "You", o.get(rita, "/review/"+id).Find("#case-assignee strong").Text())
	assert.Equal(t, rita.Subject, o.get(rob, "/review/"+id).Find("#case-assignee code").Text())
	assert.Nil(t, o.get(rob, "/review/"+id).Find("#case-assignee .nobody"))
}

// Each of the others who look at a case is named, in the page and in its part alone.
func TestEveryoneElseWhoLooks(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p")
	assert.Nil(t, o.get(rita, "/review/"+id).Find("#viewers .viewer"))
	o.get(rob, "/review/"+id)
	assert.Len(t, o.get(sam, "/review/"+id).All("#viewers .viewer"), 2)
	assert.Len(t, o.site.As(rita).Get("/review/"+id+"/viewers").All(".viewer"), 2)
}

// A field that may stay empty says so; one that may not is required.
func TestWhatMayStayEmpty(t *testing.T) {
	o := newOffice(t)
	p := o.get(rita, "/review/"+o.asks("p"))
	assert.NotNil(t, p.Find("#decision-form label[for=note] .optional"))
	assert.Nil(t, p.Find("#note-form .optional"))
	assert.True(t, p.Find("#internal-body").Has("required"))
}
