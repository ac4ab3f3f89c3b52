using System.Net;
using System.Text.Json;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Policies;

/// <summary>What campaigns without a policy run under, with and without models, and how that changes without a restart.</summary>
[Collection(ServiceCollection.Name)]
public sealed class PolicyEndpointsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Models => Path.Combine(_folder.Path, "models");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_models_mpc_decides_and_says_why()
    {
        await using TestService service = await TestService.StartAsync(dataFolder: _folder.Path);
        JsonElement answer = (await service.GetAsync("/v1/policies")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal("mpc", answer.GetProperty("default").GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("default").GetProperty("verdict").ValueKind);
        Assert.Equal("no model has the verdict default (there is no model)", Reason(answer));
        Assert.Equal(["constant", "ensemble", "mpc", "pid"], answer.GetProperty("policies").EnumerateArray().Select(policy => policy.GetProperty("name").GetString()));
        Assert.Equal("mpc", await DeciderAsync(service, "none"));
    }

    [Theory]
    [InlineData("default", "the gate passed it", "tiny/1", "default, the gate passed it")]
    [InlineData("usable", "level with mpc", "mpc", "no model has the verdict default (tiny/1: usable, level with mpc)")]
    [InlineData("provisional", "the gate has not run", "mpc", "no model has the verdict default (tiny/1: provisional, the gate has not run)")]
    public async Task The_verdict_chooses(string verdict, string reason, string model, string expected)
    {
        ModelFiles.Install(Models, "tiny", verdict: verdict, reason: reason);
        await using TestService service = await TestService.StartAsync(dataFolder: _folder.Path);
        JsonElement answer = (await service.GetAsync("/v1/policies")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(model, answer.GetProperty("default").GetProperty("model").GetString());
        Assert.Equal(expected, Reason(answer));
        Assert.Equal(model, await DeciderAsync(service, "none"));
        JsonElement named = answer.GetProperty("policies").EnumerateArray().Single(policy => policy.GetProperty("name").GetString() == "tiny");
        Assert.Equal(verdict, named.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task A_reload_takes_up_models_and_verdicts_and_keeps_what_serves_when_one_breaks()
    {
        await using TestService service = await TestService.StartAsync(dataFolder: _folder.Path);
        Assert.Equal("mpc", await DeciderAsync(service, "before"));
        string folder = ModelFiles.Install(Models, "tiny", verdict: "default", reason: "the gate passed it");
        Assert.Equal("no model has the verdict default (there is no model)", Reason((await service.GetAsync("/v1/policies")).Json));
        Assert.Equal("default, the gate passed it", Reason((await service.PostAsync("/v1/policies/reload", "")).Expect(HttpStatusCode.OK).Json));
        Assert.Equal("tiny/1", await DeciderAsync(service, "after"));

        File.WriteAllText(Path.Combine(folder, "card.json"), "{");
        string broken = Reason((await service.PostAsync("/v1/policies/reload", "")).Expect(HttpStatusCode.OK).Json);
        Assert.StartsWith("default, the gate passed it (tiny/1: refused, card.json", broken, StringComparison.Ordinal);
        Assert.Equal("tiny/1", await DeciderAsync(service, "later"));
    }

    [Fact]
    public async Task A_model_that_is_refused_is_told_and_mpc_decides()
    {
        File.Delete(Path.Combine(ModelFiles.Install(Models, "tiny", verdict: "default"), "parity.npz"));
        await using TestService service = await TestService.StartAsync(dataFolder: _folder.Path);
        string reason = Reason((await service.GetAsync("/v1/policies")).Json);
        Assert.StartsWith("no model has the verdict default (tiny/1: refused, parity.npz", reason, StringComparison.Ordinal);
        Assert.Equal("mpc", await DeciderAsync(service, "none"));
    }

    private static string Reason(JsonElement answer) => answer.GetProperty("default").GetProperty("reason").GetString()!;

    /// <summary>Model behind the first decision of a new campaign that names no policy, with a prior so that it does not start cold.</summary>
    private static async Task<string> DeciderAsync(TestService service, string id)
    {
        JsonElement decisions = (await service.PostAsync("/v1/decisions", $$$"""
            {"requests":[{"id":"{{{id}}}","campaign":{"objective":"TargetCpa","budget":290,"target":100},
             "prior":{"bidPerValue":[40,60,90,200],"cost":[0.0011,0.0038,0.0085,0.02],"value":[0.00003,0.00008,0.00013,0.0002]}}]}
            """)).Expect(HttpStatusCode.OK).Json.GetProperty("decisions");
        return decisions[0].GetProperty("model").GetString()!;
    }
}
