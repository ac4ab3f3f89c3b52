using System.Net;
using System.Text.Json;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Policies;

/// <summary>The plan of a policy that makes one: with a decision, and beside what happened.</summary>
[Collection(ServiceCollection.Name)]
public sealed class PlanTests : IDisposable
{
    private const string Prior = """
        {"bidPerValue":[40,60,90],"cost":[0.0011,0.0038,0.0085],"value":[0.00003,0.00008,0.00013],"regimeSteps":8,"opportunitiesPerDay":50000}
        """;

    private readonly TempFolder _folder = new();

    public PlanTests() => ModelFiles.Install(Path.Combine(_folder.Path, "models"), "planner");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_decision_tells_its_plan()
    {
        await using TestService service = await TestService.StartAsync(dataFolder: _folder.Path);
        string item = $$"""{"id":"p","campaign":{"objective":"TargetCpa","budget":290,"target":100,"policy":"planner"},"prior":{{Prior}},"tick":0}""";
        JsonElement decision = await DecideAsync(service, item);
        Assert.Equal("planner/1", decision.GetProperty("model").GetString());
        Assert.Equal(JsonValueKind.Null, decision.GetProperty("fallback").ValueKind);
        JsonElement plan = decision.GetProperty("plan");
        double[] left = [.. plan.GetProperty("budgetLeft").EnumerateArray().Select(v => v.GetDouble())];
        // 1 % a step, give or take a little noise.
        Assert.Equal(48, left.Length);
        Assert.Equal(0.99, left[0], 0.004);
        Assert.Equal(0.52, left[47], 0.03);
        Assert.NotEqual(left[0] - left[1], left[1] - left[2], 1e-5);
        Assert.InRange(plan.GetProperty("promise").GetDouble(), -1, 1);
        Assert.Equal(plan.GetRawText(), (await DecideAsync(service, item)).GetProperty("plan").GetRawText());
    }

    [Fact]
    public async Task The_trajectory_shows_planned_beside_actual()
    {
        string prior = Path.Combine(_folder.Path, "prior.json");
        new PriorFile
        {
            Name = "flat",
            Version = 1,
            BidPerValue = [40, 60, 90],
            Cost = [0.0011, 0.0038, 0.0085],
            Value = [0.00003, 0.00008, 0.00013],
            MeanValue = 0.0005,
            Reference = 100,
            OpportunitiesPerDay = 50_000,
            RegimeSteps = 8,
        }.Save(prior);
        await using TestService service = await TestService.StartAsync(options => options with { PriorFile = prior }, _folder.Path);
        await service.CreateAsync("planned", ",\"policy\":\"planner\"");
        await service.AdvanceByAsync(TimeSpan.FromMinutes(60));
        JsonElement trajectory = await service.TrajectoryAsync("planned");
        JsonElement[] steps = [.. trajectory.GetProperty("steps").EnumerateArray()];
        Assert.InRange(steps.Length, 2, 4);
        JsonElement closed = steps[1];
        Assert.Equal(0, closed.GetProperty("cost").GetDouble());
        Assert.Equal(1, closed.GetProperty("planned").GetProperty("cost").GetDouble(), 0.4);
        JsonElement plan = trajectory.GetProperty("plan");
        Assert.Equal(48 - plan.GetProperty("step").GetInt32(), plan.GetProperty("cost").GetArrayLength());

        // Policies without plans have none.
        await service.CreateAsync("plain");
        JsonElement plain = await service.TrajectoryAsync("plain");
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("plan").ValueKind);
    }

    private static async Task<JsonElement> DecideAsync(TestService service, string item)
        => (await service.PostAsync("/v1/decisions", $$"""{"requests":[{{item}}]}""")).Expect(HttpStatusCode.OK).Json.GetProperty("decisions")[0];
}
