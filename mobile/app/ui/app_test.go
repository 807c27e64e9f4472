package ui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gioui.org/io/key"
	"gioui.org/io/semantic"

	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/ui"
	"i80.dk/sighej/mobile/app/uitest"
)

// hand is a phone in a test's hand.
type hand struct {
	*uitest.Phone
	t       *testing.T
	wishes  []model.Wish
	fetches int
	waved   []string
	blocked []string
}

func pickUp(t *testing.T) *hand {
	t.Helper()
	h := &hand{t: t}
	app := ui.New(ui.Config{
		Want:  func(w model.Wish) { h.wishes = append(h.wishes, w) },
		Fetch: func() { h.fetches++ },
		Wave:  func(nudge string) { h.waved = append(h.waved, nudge) },
		Block: func(nudge string) { h.blocked = append(h.blocked, nudge) },
	})
	app.Tell(uitest.Catalogue())
	h.Phone = uitest.New(app, 2)
	return h
}

// atHome has gone through the first start with these interests.
func atHome(t *testing.T, interests ...string) *hand {
	t.Helper()
	h := pickUp(t)
	h.tap("I agree")
	for _, l := range interests {
		h.tap(l)
	}
	h.tap("Done")
	return h
}

func (h *hand) tap(label string) {
	h.t.Helper()
	if err := h.Tap(label); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hand) tell(events ...model.Event) {
	for _, e := range events {
		h.App.Tell(e)
	}
	h.Frame()
}

func (h *hand) sees(label string) {
	h.t.Helper()
	if _, ok := h.Find(label); !ok {
		h.t.Errorf("%q is not among %q", label, h.Labels())
	}
}

func (h *hand) seesNo(label string) {
	h.t.Helper()
	if _, ok := h.Find(label); ok {
		h.t.Errorf("%q is among %q", label, h.Labels())
	}
}

// Nothing is wished, and no interest asked for, before there is consent.
func TestFirstStart(t *testing.T) {
	h := pickUp(t)
	h.sees("Only a random number is in the air")
	h.seesNo("devops")
	h.tap("What exactly is sent?")
	h.sees("While you are open to talk, this phone tells the server")
	h.tap("I agree")
	h.sees("Tech")
	h.sees("Pick one to go on")
	h.seesNo("Done")
	if len(h.wishes) != 0 || h.fetches != 1 {
		t.Errorf("wishes %v, %d fetches", h.wishes, h.fetches)
	}
}

func TestChoosing(t *testing.T) {
	h := pickUp(t)
	h.tap("I agree")
	h.tap("devops")
	h.tap("3d printing")
	h.tap("devops") // taken back: it now stands twice, first among the chosen ones
	if got := h.App.State().Chosen; !slices.Equal(got, []string{"3d printing"}) {
		t.Fatalf("chosen: %q", got)
	}
	h.seesNo("linux")
	h.tap("Show 4 more of Tech")
	h.sees("linux")
	h.sees("Film & TV")
	h.tap("Done, 1 picked")
	h.sees("Open to talk")
	h.sees("3d printing")
}

func TestSearch(t *testing.T) {
	h := pickUp(t)
	h.tap("I agree")
	h.tap("Search")
	h.Type("Hard")
	h.sees("hardstyle")
	h.seesNo("bash")
	h.tap("hardstyle")
	h.tap("Clear the search")
	h.sees("Tech")
	h.tap("Search")
	h.Type("Moss  Gardens")
	h.tap("Add “moss gardens”")
	if got := h.App.State().Chosen; !slices.Equal(got, []string{"hardstyle", "moss gardens"}) {
		t.Errorf("chosen: %q", got)
	}
}

func TestNoList(t *testing.T) {
	h := &hand{t: t}
	h.Phone = uitest.New(ui.New(ui.Config{Want: func(model.Wish) {}, Fetch: func() { h.fetches++ }}), 2)
	h.tap("I agree")
	h.sees("Fetching the list")
	h.tell(model.NoCatalogue{})
	h.tap("Try again")
	h.sees("Fetching the list")
	if h.fetches != 2 {
		t.Errorf("%d fetches", h.fetches)
	}
	h.tell(uitest.Catalogue())
	h.sees("Tech")
}

func TestSwitch(t *testing.T) {
	h := atHome(t, "devops", "bash")
	if n, _ := h.Find("Open to talk"); n.Class != semantic.Switch || n.Selected {
		t.Errorf("the switch is %+v", n)
	}
	h.tap("Open to talk")
	if n, _ := h.Find("Open to talk"); !n.Selected {
		t.Error("the switch is not on")
	}
	h.tap("Pause")
	h.sees("Server: Not connected")
	h.tap("Go on")
	h.tap("Open to talk")
	all := []string{"devops", "bash"}
	want := []model.Wish{
		{Running: true, Open: true, Interests: all},
		{Running: true, Interests: all},
		{Running: true, Open: true, Interests: all},
		{},
	}
	if !slices.EqualFunc(h.wishes, want, model.Wish.Same) {
		t.Errorf("wishes: %+v", h.wishes)
	}
}

func TestStandings(t *testing.T) {
	h := atHome(t, "devops")
	h.sees("Bluetooth: Not in use")
	h.tap("Open to talk")
	h.sees("Bluetooth: Off")
	h.tell(model.Connecting, model.RadioDegraded)
	h.sees("Server: Connecting")
	h.sees("Bluetooth: Heard by some")
	h.tell(model.Connected, model.RadioFull, model.PeopleInRange(1))
	h.sees("Server: Connected")
	h.sees("Bluetooth: Heard by all")
	h.sees("1 person in range")
	h.tell(model.Waiting, model.PeopleInRange(3))
	h.sees("Server: Trying again")
	h.sees("3 people in range")
}

func TestNudges(t *testing.T) {
	h := atHome(t, "devops")
	h.tap("Open to talk")
	h.tell(
		model.Nudge{ID: "1", Labels: []string{"devops", "hardstyle"}, At: h.Now.Add(-5 * time.Minute), Distance: model.Near},
		model.Nudge{ID: "2", Labels: []string{"devops"}, At: h.Now, Distance: model.VeryNear},
		model.Nudge{ID: "2", Labels: []string{"devops"}, At: h.Now, Distance: model.VeryNear},
	)
	h.sees("Someone nearby shares your interest in devops. Very near, just now")
	h.sees("Someone nearby shares your interest in devops and hardstyle. Near, 5 min ago")
	h.tap("Dismiss the nudge about devops and hardstyle")
	h.seesNo("Someone nearby shares your interest in devops and hardstyle")
	if n := len(h.App.State().Nudges); n != 1 {
		t.Errorf("%d nudges are left", n)
	}
}

// Where interests are hidden at first, both say hi before they see them.
func TestSayingHi(t *testing.T) {
	h := atHome(t, "devops")
	h.tap("Open to talk")
	h.tell(model.Nudge{ID: "1", Message: "Someone nearby shares an interest with you", At: h.Now})
	h.sees("Someone nearby shares an interest with you. just now")
	h.tap("Say hi")
	h.sees("You said hi.")
	h.seesNo("Say hi")
	if !slices.Equal(h.waved, []string{"1"}) {
		t.Errorf("waved at %q", h.waved)
	}
	h.tell(model.Nudge{ID: "2", Reveals: "1", Labels: []string{"devops"}, At: h.Now})
	h.sees("Someone nearby shares your interest in devops. just now")
	h.seesNo("You said hi.")
	if n := len(h.App.State().Nudges); n != 1 {
		t.Errorf("%d nudges, want the one that reveals", n)
	}
}

func TestBlocking(t *testing.T) {
	h := atHome(t, "devops", "hardstyle")
	h.tap("Open to talk")
	h.tell(model.Nudge{ID: "1", Labels: []string{"devops"}, At: h.Now}, model.Nudge{ID: "2", Labels: []string{"hardstyle"}, At: h.Now})
	h.tap("Block whom the nudge about devops")
	h.sees("Block this person?")
	h.tap("Do not block")
	h.seesNo("Block this person?")
	h.tap("Block whom the nudge about devops")
	h.tap("Yes, block")
	h.seesNo("Someone nearby shares your interest in devops")
	h.sees("Someone nearby shares your interest in hardstyle")
	h.seesNo("Block this person?")
	if !slices.Equal(h.blocked, []string{"1"}) {
		t.Errorf("blocked %q", h.blocked)
	}
	h.tell(model.Refused("Not now.")) // no session is left in which they could be told
	h.sees("Someone nearby shares your interest in hardstyle")
	h.seesNo("Block whom")
}

func TestNotices(t *testing.T) {
	h := atHome(t, "devops")
	h.tap("Open to talk")
	h.tell(model.Refused("The server cannot be reached."))
	h.sees("The server cannot be reached.")
	if n, _ := h.Find("Open to talk"); n.Selected || !strings.HasPrefix(n.Hint, "Off. ") {
		t.Errorf("the switch is %+v", n)
	}
	h.tap("Dismiss the notice")
	h.seesNo("The server cannot be reached.")
	h.tap("Open to talk")
	h.tell(model.Nudge{ID: "1", Labels: []string{"devops"}, At: h.Now}, model.Refused("Not now."))
	h.sees("Not now.")
	h.sees("Someone nearby shares your interest in devops. just now")
	if last := h.wishes[len(h.wishes)-1]; last.Running {
		t.Error("a session that was refused is still wished for")
	}
}

// Everything that is tapped is at least 48 dp high and wide, at any text size.
func TestTouchTargets(t *testing.T) {
	for _, size := range []float32{0.85, 1, 2} {
		h := pickUp(t)
		h.App.Look(ui.Look{TextSize: size})
		h.Frame()
		h.largeEnough("welcome")
		h.tap("I agree")
		h.largeEnough("choose")
		h.tap("3d printing")
		h.tap("Done")
		h.largeEnough("home")
		h.tap("Open to talk")
		h.tell(model.Nudge{ID: "1", Message: "Someone nearby shares an interest", At: h.Now}, model.Nudge{ID: "2", Labels: []string{"3d printing"}, At: h.Now})
		h.largeEnough("open")
		h.tap("Block whom the nudge about 3d printing")
		h.largeEnough("block")
		h.tell(model.Fault("a notice"))
		h.largeEnough("a notice")
	}
}

func (h *hand) largeEnough(screen string) {
	h.t.Helper()
	n := 0
	for _, node := range h.Nodes() {
		if node.Class == semantic.Unknown {
			continue
		}
		n++
		if s := node.Bounds.Size(); s.X < 96 || s.Y < 96 {
			h.t.Errorf("%s: %q is only %v pixels", screen, node.Label, s)
		}
		if node.Bounds.Max.X > h.Size().X {
			h.t.Errorf("%s: %q reaches out of the screen: %v", screen, node.Label, node.Bounds)
		}
	}
	if n == 0 {
		h.t.Errorf("%s has no controls", screen)
	}
}

// All of it can be done without a finger.
func TestKeyboard(t *testing.T) {
	h := pickUp(t)
	h.Next()
	h.Next()
	h.Press(key.NameReturn)
	if h.App.State().Screen != model.Choosing {
		t.Errorf("the second control of the first screen is not the consent: %q", h.Labels())
	}
}

// What cannot be seen is said: no control is without words.
func TestLabels(t *testing.T) {
	h := atHome(t, "devops")
	h.tap("Open to talk")
	h.tell(model.PeopleInRange(2))
	for _, l := range h.Labels() {
		if strings.TrimSpace(l) == "" {
			t.Errorf("a node without words among %q", h.Labels())
		}
	}
	h.sees("2 people in range")
}
