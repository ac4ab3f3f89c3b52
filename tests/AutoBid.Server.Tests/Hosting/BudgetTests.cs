using AutoBid.Core.Money;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>Budgets that run out.</summary>
[Collection(ServiceCollection.Name)]
public sealed class BudgetTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

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
}
