using System.Security.Cryptography;
using AutoBid.Cli.Simulation;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Tests.Simulation;

public sealed class PolicyResolverTests
{
    [Fact]
    public void FindsEveryBuiltInPolicyUnderItsOwnName()
    {
        using var resolver = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
        Assert.Contains("online-lp", PolicyResolver.BuiltIn);
        Assert.All(PolicyResolver.BuiltIn, name => Assert.Equal(name, resolver.Find(name).Name));
        Assert.Null(resolver.TryFind("MPC"));
    }

    [Fact]
    public void FindsVersionsAndModelsOfOtherRegistries()
    {
        // A shipped model under another folder, where candidates would lie.
        string shipped = Directory.EnumerateDirectories(Path.Combine(Installation.Models, "gave")).First(folder => File.Exists(Path.Combine(folder, "card.json")));
        string version = Path.GetFileName(shipped), candidates = Directory.CreateTempSubdirectory("autobid-candidates").FullName;
        string copy = Directory.CreateDirectory(Path.Combine(candidates, "gave", version)).FullName;
        foreach (string file in Directory.EnumerateFiles(shipped)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        try
        {
            using var resolver = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
            string card = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(copy, "card.json"))));
            IBidPolicy live = resolver.Find($"gave@{candidates}"), named = resolver.Find($"gave/{version}@{candidates}");
            Assert.Equal($"gave/{version}", live.Model);
            Assert.Equal(card, resolver.CardOf(live));
            Assert.Equal(card, resolver.CardOf(named));
            Assert.Same(named, resolver.Find($"gave/{version}@{candidates}"));
            Assert.Null(resolver.CardOf(resolver.Find("mpc")));
            Assert.Contains("no model gave/77", Assert.Throws<CommandException>(() => resolver.Find($"gave/77@{candidates}")).Message, StringComparison.Ordinal);
            Assert.Contains("no folder '/nowhere'", Assert.Throws<CommandException>(() => resolver.Find("gave@/nowhere")).Message, StringComparison.Ordinal);
            Assert.Null(resolver.TryFind("gave"));

            using var other = new PolicyResolver(candidates);
            Assert.Equal($"gave/{version}", other.Find("gave").Model);
        }
        finally
        {
            Directory.Delete(candidates, recursive: true);
        }
    }

    [Fact]
    public void TheEnsembleIsKnownByTheCardsOfItsMembers()
    {
        string candidates = Directory.CreateTempSubdirectory("autobid-ensemble").FullName;
        try
        {
            using var resolver = new PolicyResolver(candidates);
            // Without a market it is MPC, and has no card.
            Assert.Null(resolver.CardOf(resolver.Find("ensemble")));
            ModelFiles.Install(candidates, "market");
            IBidPolicy alone = resolver.Find("ensemble");
            Assert.Equal("ensemble(market/1)", alone.Model);
            string? card = resolver.CardOf(alone);
            Assert.Equal(64, card?.Length);
            using var other = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
            Assert.Equal(card, other.CardOf(other.Find($"ensemble@{candidates}")));
            ModelFiles.Edit(Path.Combine(candidates, "market", "1"), model => model["serving"]!["e"] = 1);
            using var edited = new PolicyResolver(candidates);
            Assert.NotEqual(card, edited.CardOf(edited.Find("ensemble")));
        }
        finally
        {
            Directory.Delete(candidates, recursive: true);
        }
    }

    [Theory]
    [InlineData("models")]
    [InlineData("rows")]
    public void EveryModelOfTheRepositoryPassesItsChecks(string registry)
    {
        string root = Path.Combine(Installation.Home, "policies", registry);
        using var resolver = new PolicyResolver(root);
        string[] versions = [.. Directory.EnumerateDirectories(root).SelectMany(Directory.EnumerateDirectories).Select(folder => Path.GetRelativePath(root, folder))];
        Assert.NotEmpty(versions);
        Assert.All(versions, version => Assert.Equal(version, resolver.Find(version).Model));
    }

    [Fact]
    public void AnUnknownNameIsAUsageErrorThatListsTheKnownOnes()
    {
        using var resolver = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
        CommandException error = Assert.Throws<CommandException>(() => resolver.Find("cbd"));
        Assert.Contains("'cbd'", error.Message, StringComparison.Ordinal);
        Assert.Contains("min-pacing-recent", error.Message, StringComparison.Ordinal);
    }
}
