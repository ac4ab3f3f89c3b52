using System.CommandLine;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Server.Hosting;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid models</c>: the model registry in its folder. A running service takes a change up when it is told to reload.</summary>
internal static class ModelsCommand
{
    public static Command Create(CommandHost host)
    {
        var folder = new Option<string?>("--models") { Description = "Model registry (default policies/models of the repository).", HelpName = "FOLDER", Recursive = true };
        Option<string> device = new Option<string>("--device") { Description = "Where models will run.", DefaultValueFactory = _ => "cpu", Recursive = true }.AcceptOnlyFromAmong("cpu", "cuda");
        var policy = new Argument<string>("policy") { Description = "Name of the policy, such as gave." };
        var version = new Argument<string>("version") { Description = "Version to serve." };
        Option<string?> json = SharedOptions.Json();

        var list = new Command("list", "Every version, what its gate said, and which one serves.") { json };
        list.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry => List(host, registry, parsed.GetValue(json))));
        var promote = new Command("promote", "Check a version (hashes, shapes, parity) and make it the one that serves.") { policy, version };
        promote.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry =>
        {
            registry.Promote(parsed.GetValue(policy)!, parsed.GetValue(version)!);
            host.Out.WriteLine($"{parsed.GetValue(policy)}/{parsed.GetValue(version)} is live");
            host.Out.WriteLine(DefaultOf(registry));
        }));
        var rollback = new Command("rollback", "Back to the version that served before the last promotion.") { policy };
        rollback.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry =>
        {
            string name = parsed.GetValue(policy)!;
            registry.Rollback(name);
            host.Out.WriteLine($"{name}/{registry.Live.First(model => model.Name == name).Version} is live again");
            host.Out.WriteLine(DefaultOf(registry));
        }));
        Command reload = Reload(host);
        return new Command("models", "The model registry.") { folder, device, list, promote, rollback, reload };
    }

    private static Command Reload(CommandHost host)
    {
        var target = new Option<string>("--target") { Description = "The running service.", HelpName = "URL", Required = true };
        var apiKey = new Option<string?>("--api-key") { Description = "API key with scope admin (or AUTOBID_API_KEY).", HelpName = "KEY" };
        var command = new Command("reload", "Have a running service take the registry's folder up, without a restart.") { target, apiKey };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient service = SimulateCommand.Connect(parsed.GetValue(target)!, parsed.GetValue(apiKey) ?? host.Environment("AUTOBID_API_KEY"));
            await host.Out.WriteLineAsync((await service.ReloadPoliciesAsync(cancellation)).Default.ToString());
        });
        return command;
    }

    /// <summary>What a service on this registry would run campaigns without a policy under.</summary>
    private static PolicyChoice DefaultOf(ModelRegistry registry) => new PolicyCatalog([new MpcPolicy()], registry, TimeProvider.System).Describe(null);

    private static void WithRegistry(string? folder, string device, Action<ModelRegistry> act)
    {
        if (folder is not null && !Directory.Exists(folder)) throw new CommandException($"--models: '{folder}' there is no such folder", CommandException.Usage);
        using var metrics = new PolicyMetrics();
        using var registry = new ModelRegistry(folder ?? Installation.Models, new ModelRegistryOptions { Device = device }, metrics, TimeProvider.System);
        try
        {
            registry.Reload();
            act(registry);
        }
        catch (Exception e) when (e is ModelRefusedException or InvalidOperationException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static void List(CommandHost host, ModelRegistry registry, string? json)
    {
        IReadOnlyList<ModelListing> models = registry.List();
        if (models.Count == 0) host.Out.WriteLine("no models");
        else host.Console.Write(Draw(models));
        PolicyChoice standard = DefaultOf(registry);
        host.Out.WriteLine(standard);
        if (json is not null) JsonReport.Write(json, new { Models = models, Default = standard });
    }

    private static Table Draw(IReadOnlyList<ModelListing> models)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("policy", "version", "verdict", "live", "because");
        foreach (ModelListing model in models)
        {
            table.AddRow(
                Markup.Escape(model.Name), Markup.Escape(model.Version), model.Verdict?.ToString().ToLowerInvariant() ?? "-", model.IsLive ? "live" : "",
                Markup.Escape(model.Refusal is { } reason ? $"refused, {reason}: {model.Message}" : model.Message ?? ""));
        }

        return table;
    }
}
