using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Response;

public sealed class MarketLatentsTests
{
    private const double PerStep = SyntheticMarket.PerDay / 48;

    private readonly SyntheticMarket _market = new();
    private readonly TrajectoryStore _store = new(48);
    private readonly float[] _latents = new float[144], _known = new float[144], _now = new float[48], _boundary = new float[48];

    [Fact]
    public void Closed_steps_tell_volume_level_and_price_relative_to_the_prior()
    {
        int block = _store.Rent();
        // Twice the prices: what the prior says of a bid holds at twice that bid.
        new SyntheticMarket(medianPrice: 80 * Math.Exp(0.3)).Close(_store, block, 1.5 * PerStep, 0.8, level: 1.2);
        Write(SyntheticMarket.Input(_store, block, _market.Prior()));
        Assert.Equal(Math.Log(1.5), _latents[MarketLatents.Volume], 4);
        Assert.Equal(Math.Log(1.2), _latents[MarketLatents.Level], 4);
        Assert.InRange(_latents[MarketLatents.Price], 0.28, 0.32);
        Assert.Equal([1, 1, 1], _known[..3]);
        Assert.All(_latents[3..], x => Assert.Equal(0, x));
        Assert.All(_known[3..], x => Assert.Equal(0, x));
        Assert.Equal(1, Array.IndexOf(_now, 1));
        Assert.Equal(1, _now.Sum());
    }

    [Fact]
    public void Of_the_running_step_what_was_forecast_is_known_and_never_its_price()
    {
        int block = _store.Rent();
        Write(SyntheticMarket.Input(_store, block, _market.Prior()) with { CurrentImpressions = 2 * PerStep, CurrentMeanValue = 0.0005 * 0.5 });
        Assert.Equal([1, 1, 0], _known[..3]);
        Assert.Equal(Math.Log(2), _latents[0], 4);
        Assert.Equal(Math.Log(0.5), _latents[1], 4);
        Assert.Equal(0, _latents[2]);
    }

    [Fact]
    public void What_left_no_trace_is_unknown()
    {
        int block = _store.Rent();
        _market.Close(_store, block, PerStep, 0.8, curve: false);
        _store.Close(block, new StepRow { Elapsed = 1 });
        _market.Close(_store, block, PerStep, 0.8);
        Write(SyntheticMarket.Input(_store, block, _market.Prior()) with { ClosedSteps = 1UL << 2 });
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 0, 0], _known[..9]);
        Assert.All(_latents[2..], x => Assert.Equal(0, x));
    }

    [Fact]
    public void Latents_are_bounded()
    {
        int block = _store.Rent();
        new SyntheticMarket(medianPrice: 400).Close(_store, block, 100 * PerStep, 2, level: 20);
        Write(SyntheticMarket.Input(_store, block, _market.Prior()));
        Assert.Equal(2, _latents[0]);
        Assert.Equal(2, _latents[1]);
        Assert.InRange(_latents[2], -1, 1);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(5)]
    [InlineData(0)]
    public void Regimes_begin_where_the_prior_says(int regime)
    {
        Write(SyntheticMarket.Input(_store, _store.Rent(), _market.Prior(regimeSteps: regime)));
        for (int s = 0; s < 48; s++) Assert.Equal(regime > 0 && s % regime == 0 ? 1 : 0, _boundary[s]);
    }

    [Fact]
    public void Revenue_moves_around_its_own_mean()
    {
        int block = _store.Rent();
        _market.Close(_store, block, PerStep, 0.8, level: 30);
        _market.Close(_store, block, PerStep, 0.8, level: 60);
        Write(SyntheticMarket.Input(_store, block, _market.Prior()) with { ValueIsRevenue = true });
        Assert.Equal(Math.Log(30 / 45.0), _latents[MarketLatents.Level], 4);
        Assert.Equal(Math.Log(60 / 45.0), _latents[3 + MarketLatents.Level], 4);
    }

    [Theory]
    [InlineData(0.7, 0)]
    [InlineData(1, 0.3)]
    [InlineData(1.5, -0.2)]
    public void The_scale_of_revenue_is_no_price(double scale, double dearer)
    {
        // Orders of 30, a return target under which bids are scale x the population's.
        int block = _store.Rent();
        double reference = scale * SyntheticMarket.Reference / 30;
        new SyntheticMarket(medianPrice: 80 * Math.Exp(dearer)).Close(_store, block, PerStep, 0.8, level: 30, reference: reference);
        Write(SyntheticMarket.Input(_store, block, _market.Prior()) with { Reference = reference, ValueIsRevenue = true });
        Assert.InRange(_latents[MarketLatents.Price], dearer - 0.02, dearer + 0.02);
    }

    [Fact]
    public void Without_a_volume_in_the_prior_the_days_own_counts()
    {
        int block = _store.Rent();
        _market.Close(_store, block, 2 * PerStep, 0.8);
        _market.Close(_store, block, PerStep, 0.8);
        Write(SyntheticMarket.Input(_store, block, _market.Prior(perDay: 0)));
        Assert.Equal(Math.Log(2 / 1.5), _latents[0], 4);
        Assert.Equal(Math.Log(1 / 1.5), _latents[3], 4);
    }

    [Fact]
    public void Without_a_prior_there_are_none()
        => Assert.Throws<ArgumentException>(() => Write(SyntheticMarket.Input(_store, _store.Rent(), null)));

    private void Write(ForecastInput input)
    {
        // What lay in the buffers before must not shine through.
        foreach (float[] buffer in (float[][])[_latents, _known, _now, _boundary]) Array.Fill(buffer, 7);
        MarketLatents.Write(input, _latents, _known, _now, _boundary);
    }
}
