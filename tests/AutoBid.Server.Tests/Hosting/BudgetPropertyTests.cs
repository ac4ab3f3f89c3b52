using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>Whatever is bid and billed, in whatever order: settled + outstanding never exceeds the budget, and adjustments explain the rest.</summary>
[Collection(ServiceCollection.Name)]
public sealed class BudgetPropertyTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync(options => options with { Tick = TimeSpan.FromMinutes(10) });

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public void No_sequence_of_bids_and_notices_exceeds_the_budget()
    {
        Gen<(int Act, int Size)> acts = from act in Gen.Choose(0, 9) from size in Gen.Choose(1, 400) select (act, size);
        Gen<(int Budget, IReadOnlyList<(int, int)> Acts)> runs =
            from budget in Gen.Choose(20, 2_000) from count in Gen.Choose(10, 60) from list in Gen.ListOf(acts, count) select (budget, (IReadOnlyList<(int, int)>)[.. list]);
        Prop.ForAll(Arb.From(runs), run => RunAsync(run.Budget, run.Acts).GetAwaiter().GetResult())
            .Check(Checks.Config.WithMaxTest(15));
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
