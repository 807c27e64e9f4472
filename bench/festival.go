package bench

import (
	"context"
	"slices"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/venue"
)

// Festival is a crowd that moves.
type Festival struct {
	Duration   time.Duration `default:"1m" help:"Real time."`
	Speed      float64       `default:"10" help:"Simulated seconds in a second."`
	Phones     int           `default:"500" help:"People, each with a phone."`
	Width      float64       `default:"150" help:"Of the venue, in metres."`
	Height     float64       `default:"100" help:"Of the venue, in metres."`
	Hotspots   int           `default:"5" help:"Stages and bars that draw people."`
	Background float64       `default:"0.8" help:"Share of the phones, 0 to 1, whose app is in the background."`
	IOS        float64       `name:"ios" default:"0.5" help:"Share of those that run iOS, which only phones in the foreground hear."`
	Loss       float64       `default:"0.1" help:"Share of radio packets that are lost whatever their strength, 0 to 1."`
	Shadowing  float64       `default:"4" help:"Standard deviation of what stands between two phones, in dB."`
	Weakest    float64       `default:"-85" help:"What a phone hears more weakly it does not report, in dBm."`
	Distance   float64       `default:"5" help:"People meet who are no farther apart, in metres ..."`
	Dwell      time.Duration `default:"20s" help:"... for so long, in simulated time."`
	Again      time.Duration `default:"10m" help:"A phone reports the same peer again after this, in simulated time."`
	Arrive     time.Duration `default:"30s" help:"Simulated time over which people switch their phones on; who meets before its end does not count."`
	Via        string        `enum:"http,websocket" default:"http" help:"How phones report: http or websocket."`

	Common `embed:""`
}

const shownPeople = 400 // on the map

func (f *Festival) name() string { return "festival" }

func (f *Festival) about() string {
	return "People walk through a venue and their phones hear each other by simulated radio; tells how many of those who truly met and share an interest were nudged, and how soon."
}

func (f *Festival) venue() venue.Config {
	v := venue.DefaultConfig()
	v.Seed, v.People = f.Seed, f.Phones
	v.Width, v.Height, v.Hotspots = f.Width, f.Height, f.Hotspots
	v.Background, v.IOS, v.Weakest = f.Background, f.IOS, f.Weakest
	v.Radio.Loss, v.Radio.Shadowing = f.Loss, f.Shadowing
	v.EncounterDistance, v.EncounterTime, v.ReportAgain = f.Distance, f.Dwell, f.Again
	return v
}

func (f *Festival) validate() []error {
	all := faults(f.Common.validate())
	all.between("--phones", f.Phones, 2, 1_000_000)
	all.over("--speed", f.Speed, 0)
	all.lasting("--duration", f.Duration, time.Second)
	all.lasting("--arrive", f.Arrive, 0)
	if err := f.venue().Validate(); err != nil {
		all = append(all, err)
	}
	return all
}

func (f *Festival) files() int { return f.Phones + f.Workers*f.Connections*len(f.Base) }

func (f *Festival) run(ctx context.Context, p *pass) error {
	if err := p.populate(ctx, f.Phones); err != nil {
		return err
	}
	err := p.measured(ctx, "festival", f.Duration, &phones.Festival{
		Venue: f.venue(), For: f.Duration, Speed: f.Speed, Via: f.Via, Shown: shownPeople, Arrive: f.Arrive,
	})
	if err != nil && !p.interrupted(err) {
		return err
	}
	if err == nil {
		err = p.wait(ctx)
	}
	outcome, told := p.fleet.Outcome(context.WithoutCancel(ctx))
	if told != nil {
		return told
	}
	f.figures(p, outcome)
	p.run.Crowd = outcome.Crowd
	if err != nil {
		return err
	}
	if err := p.account(ctx); err != nil {
		return err
	}
	return f.wrong(ctx, p)
}

// wrong tells how many nudges ought not to have come, or not so. It must be 0.
func (f *Festival) wrong(ctx context.Context, p *pass) error {
	s, err := p.fleet.Take(ctx)
	if err != nil {
		return err
	}
	var n int64
	for _, finding := range s.Checks.Findings {
		if finding.Kind != report.FaultAnswer && finding.Kind != report.FaultMissing {
			n += finding.Count
		}
	}
	p.figure(report.Figure{Name: "wrong nudges", Value: float64(n), Better: report.Less, Robust: true})
	return nil
}

func (f *Festival) figures(p *pass, o phones.Outcome) {
	slices.Sort(o.Delays)
	figure := func(name string, value float64, unit string, better report.Better, robust bool) {
		p.figure(report.Figure{Name: name, Value: value, Unit: unit, Better: better, Robust: robust})
	}
	figure("true encounters", float64(o.Encounters), "", "", true)
	figure("of them with a shared interest", float64(o.Overlapping), "", "", true)
	figure("of those nudged", share(int64(o.Nudged), int64(o.Overlapping)), "%", report.More, true)
	if n := len(o.Delays); n > 0 {
		figure("from meeting to nudge, half within", o.Delays[n/2], "simulated s", report.Less, false)
		figure("from meeting to nudge, 9 of 10 within", o.Delays[n*9/10], "simulated s", report.Less, false)
	}
	if o.PhoneHours > 0 {
		figure("sightings per phone and simulated hour", float64(o.Sightings)/o.PhoneHours, "", report.Less, true)
	}
	p.perCore("answers per core-second", "festival", p.answered("festival"))
}
