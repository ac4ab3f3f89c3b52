using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Multipliers;

/// <summary>POST /v1/multipliers: multipliers and leases for a DSP that bids by itself.</summary>
[Collection(ServiceCollection.Name)]
public sealed class MultipliersTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

    [Fact]
    public async Task The_multiplier_in_force_is_told()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, ",\"bidFloorCpm\":1,\"bidCapCpm\":80");
        JsonElement answer = await OneAsync(id, node: null);
        Assert.Equal(id, answer.GetProperty("id").GetString());
        Assert.Equal(1, answer.GetProperty("multiplier").GetDouble());
        Assert.Equal(100, answer.GetProperty("bidPerValue").GetDouble());
        Assert.Equal(0.001m, answer.GetProperty("floor").GetDecimal());
        Assert.Equal(0.08m, answer.GetProperty("cap").GetDecimal());
        Assert.Equal(100m, answer.GetProperty("remaining").GetDecimal());
        Assert.Equal(1, answer.GetProperty("version").GetInt32());
        Assert.True(answer.GetProperty("expiresAt").GetDateTimeOffset() > _service.Now);
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("lease").ValueKind);
    }

    [Fact]
    public async Task The_same_node_renews_one_cumulative_lease()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        JsonElement first = (await OneAsync(id)).GetProperty("lease");
        long granted = (await _service.DayRowAsync(id)).OutstandingNanos;
        for (int i = 0; i < 3; i++)
        {
            JsonElement again = (await OneAsync(id)).GetProperty("lease");
            Assert.Equal(first.GetProperty("id").GetInt64(), again.GetProperty("id").GetInt64());
            Assert.Equal(first.GetProperty("amount").GetDecimal(), again.GetProperty("amount").GetDecimal());
        }

        Assert.Equal(granted, (await _service.DayRowAsync(id)).OutstandingNanos);
        Assert.NotEqual(first.GetProperty("id").GetInt64(), (await OneAsync(id, "another")).GetProperty("lease").GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task Bills_under_a_lease_settle_and_it_is_raised_again()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        JsonElement lease = (await OneAsync(id)).GetProperty("lease");
        long leaseId = lease.GetProperty("id").GetInt64();
        long amount = (long)(lease.GetProperty("amount").GetDecimal() * Nanos.PerUnit);
        string bill = Texts.Bill(id, leaseId, 1, amount, _service.Now);
        (await _service.PostAsync("/v1/events", Texts.Events(bill, bill))).Expect(HttpStatusCode.OK);
        await _service.AdvanceAsync(_service.Now);
        Assert.Equal(amount, (await _service.DayRowAsync(id)).SettledNanos);
        Assert.Empty(await _service.AdjustmentsAsync(id));
        JsonElement renewed = (await OneAsync(id)).GetProperty("lease");
        Assert.Equal(leaseId, renewed.GetProperty("id").GetInt64());
        Assert.True(renewed.GetProperty("amount").GetDecimal() > 0);
    }

    [Fact]
    public async Task However_often_it_is_asked_a_lease_never_exceeds_the_budget()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 1);
        long seq = 0;
        // Each round spends all that was granted, on two nodes, until nothing is left.
        for (int round = 0; round < 400; round++)
        {
            bool any = false;
            var bills = new List<string>();
            foreach (string node in new[] { "a", "b" })
            {
                if ((await OneAsync(id, node)).GetProperty("lease") is not { ValueKind: JsonValueKind.Object } lease) continue;
                long amount = (long)(lease.GetProperty("amount").GetDecimal() * Nanos.PerUnit);
                if (amount <= 0) continue;
                any = true;
                bills.Add(Texts.Bill(id, lease.GetProperty("id").GetInt64(), seq++, amount, _service.Now));
            }

            BudgetRow row = await _service.DayRowAsync(id);
            Assert.True(row.SettledNanos + row.OutstandingNanos <= Nanos.PerUnit, $"{row}");
            if (!any) break;
            (await _service.PostAsync("/v1/events", Texts.Events([.. bills]))).Expect(HttpStatusCode.OK);
            await _service.AdvanceAsync(_service.Now);
        }

        Assert.Empty(await _service.AdjustmentsAsync(id));
        Assert.True((await _service.DayRowAsync(id)).SettledNanos > 0.9 * Nanos.PerUnit);
    }

    [Fact]
    public async Task A_bill_above_its_lease_is_an_adjustment()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 1);
        JsonElement lease = (await OneAsync(id)).GetProperty("lease");
        long amount = (long)(lease.GetProperty("amount").GetDecimal() * Nanos.PerUnit);
        (await _service.PostAsync("/v1/events", Texts.Events(Texts.Bill(id, lease.GetProperty("id").GetInt64(), 1, amount + 777, _service.Now)))).Expect(HttpStatusCode.OK);
        await _service.AdvanceAsync(_service.Now);
        Adjustment adjustment = Assert.Single(await _service.AdjustmentsAsync(id));
        Assert.Equal((777, "lease-exhausted"), (adjustment.AmountNanos, adjustment.Cause));
    }

    [Fact]
    public async Task A_lease_pays_for_its_own_campaign_only()
    {
        string id = Texts.NewId(), other = Texts.NewId();
        await _service.CreateAsync(id);
        await _service.CreateAsync(other);
        long lease = (await OneAsync(id)).GetProperty("lease").GetProperty("id").GetInt64();
        (await _service.PostAsync("/v1/events", Texts.Events(Texts.Bill(other, lease, 1, 500, _service.Now)))).Expect(HttpStatusCode.OK);
        await _service.AdvanceAsync(_service.Now);
        Assert.Equal("foreign-lease", Assert.Single(await _service.AdjustmentsAsync(other)).Cause);
        Assert.Equal(0, (await _service.DayRowAsync(id)).SettledNanos);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"campaignIds":7}""")]
    [InlineData("""{"node":"","campaignIds":[]}""")]
    public async Task A_bad_envelope_gets_400(string body) => (await _service.PostAsync("/v1/multipliers", body)).ExpectProblem(HttpStatusCode.BadRequest);

    [Fact]
    public async Task An_unknown_campaign_gets_its_error_in_its_place()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        JsonElement answers = (await _service.PostAsync("/v1/multipliers", $$"""{"node":"n","campaignIds":["nobody",null,"{{new string('x', 400)}}","{{id}}"]}"""))
            .Expect(HttpStatusCode.OK).Json.GetProperty("multipliers");
        for (int i = 0; i < 3; i++) Assert.Equal("unknown campaign", answers[i].GetProperty("error").GetString());
        Assert.Equal(id, answers[3].GetProperty("id").GetString());
    }

    [Fact]
    public async Task Batches_and_bodies_have_limits()
    {
        string ids = string.Join(',', Enumerable.Repeat("\"x\"", 10_001));
        (await _service.PostAsync("/v1/multipliers", $$"""{"campaignIds":[{{ids}}]}""")).ExpectProblem(HttpStatusCode.BadRequest);
        Assert.Equal(10_000, (await _service.PostAsync("/v1/multipliers", $$"""{"campaignIds":[{{ids[4..]}}]}""")).Expect(HttpStatusCode.OK).Json.GetProperty("multipliers").GetArrayLength());
        var large = new StringContent($$"""{"campaignIds":[],"x":"{{new string('x', 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        (await _service.SendAsync(HttpMethod.Post, "/v1/multipliers", large, null)).ExpectProblem(HttpStatusCode.RequestEntityTooLarge);
    }

    private async Task<JsonElement> OneAsync(string id, string? node = "n")
    {
        string named = node is null ? "" : $"\"node\":\"{node}\",";
        return (await _service.PostAsync("/v1/multipliers", $$"""{{{named}}"campaignIds":["{{id}}"]}""")).Expect(HttpStatusCode.OK).Json.GetProperty("multipliers")[0];
    }
}
