using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>Whatever is bid and billed, in whatever order: settled + outstanding never exceeds the budget, and adjustments explain the rest.</summary>
[Collection(ServiceCollection.Name)]
public sealed class BudgetTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

    [Fact]
    public void No_sequence_of_bids_and_notices_exceeds_the_budget()
    {
        Gen<(int Act, int Size)> acts = from act in Gen.Choose(0, 9) from size in Gen.Choose(1, 400) select (act, size);
        Gen<(int Budget, IReadOnlyList<(int, int)> Acts)> runs =
            from budget in Gen.Choose(20, 2_000) from count in Gen.Choose(10, 60) from list in Gen.ListOf(acts, count) select (budget, (IReadOnlyList<(int, int)>)[.. list]);
        Prop.ForAll(Arb.From(runs), run => RunAsync(run.Budget, run.Acts).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    [Fact]
    public async Task An_exhausted_budget_stops_the_bids_and_is_used_up()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 1);
        int bids = 0;
        while (bids < 100)
        {
            Answer answer = await _service.BidAsync(Texts.Bid(id));
            if (answer.NoBid is { } reason)
            {
                Assert.Equal(505, reason);
                break;
            }

            await _service.NoticeAsync(answer.Bid, "burl", "50");
            bids++;
        }

        Assert.Equal(20, bids);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        BudgetRow row = await _service.DayRowAsync(id);
        Assert.Equal((Nanos.PerUnit, 0), (row.SettledNanos, row.OutstandingNanos));
        Assert.Equal(503, (await _service.BidAsync(Texts.Bid(id))).NoBid);
        Assert.Empty(await _service.AdjustmentsAsync(id));
    }

    [Fact]
    public async Task The_budget_of_an_account_bounds_its_campaigns_together()
    {
        string account = Texts.NewId("acc"), a = Texts.NewId(), b = Texts.NewId();
        foreach (string id in new[] { a, b }) await _service.CreateAsync(id, $",\"account\":\"{account}\",\"accountBudget\":0.5", budget: 10);
        int bids = 0;
        for (int i = 0; i < 40; i++)
        {
            Answer answer = await _service.BidAsync(Texts.Bid(i % 2 == 0 ? a : b));
            if (answer.NoBid is not null) continue;
            bids++;
            await _service.NoticeAsync(answer.Bid, "burl", "50");
        }

        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.InRange(bids, 1, 10);
        Assert.True(await _service.SettledAsync(a) + await _service.SettledAsync(b) <= 0.5m);
        IReadOnlyList<BudgetRow> rows = await _service.Ledger.BudgetsAsync("default", a, TestContext.Current.CancellationToken);
        BudgetRow shared = rows.Single(row => row.Scope == BudgetScope.Account);
        Assert.True(shared.SettledNanos + shared.OutstandingNanos <= shared.BudgetNanos);
    }

    private async Task<bool> RunAsync(int budgetMilli, IReadOnlyList<(int Act, int Size)> acts)
    {
        string id = Texts.NewId("prop");
        long budget = budgetMilli * (Nanos.PerUnit / 1000);
        await _service.CreateAsync(id, budget: budgetMilli / 1000m);
        var open = new List<JsonElement>();
        foreach ((int act, int size) in acts)
        {
            if (act < 6)
            {
                Answer answer = await _service.BidAsync(Texts.Bid(id, size * 0.00001));
                if (answer.NoBid is null) open.Add(answer.Bid);
            }
            else if (act < 9 && open.Count > 0)
            {
                JsonElement bid = open[size % open.Count];
                // Now and then more than was bid, and the same bill twice.
                string price = (bid.GetProperty("price").GetDecimal() * (size % 50) / 45).ToString(System.Globalization.CultureInfo.InvariantCulture);
                await _service.NoticeAsync(bid, act == 8 ? "lurl" : "burl", price);
                if (size % 3 != 0) open.Remove(bid);
            }
            else
            {
                await _service.AdvanceByAsync(TimeSpan.FromMinutes(size % 20));
            }

            IReadOnlyList<Adjustment> adjustments = await _service.AdjustmentsAsync(id);
            foreach (BudgetRow day in (await _service.Ledger.BudgetsAsync("default", id, TestContext.Current.CancellationToken)).Where(row => row.Scope == BudgetScope.Day))
            {
                long adjusted = adjustments.Where(adjustment => adjustment.Day == day.Period).Sum(adjustment => adjustment.AmountNanos);
                Assert.True(day.SettledNanos - adjusted + day.OutstandingNanos <= budget, $"{day}, adjusted {adjusted}, budget {budget}");
            }
        }

        return true;
    }
}
