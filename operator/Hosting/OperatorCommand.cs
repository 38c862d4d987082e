using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using k8s;
using LightReasoner.Api;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Hosting;

/// <summary>
/// The command line. Every option has an environment variable of the same name: <c>--output-prefix</c> is
/// <c>LIGHTREASONER_OUTPUT_PREFIX</c>.
/// </summary>
internal static class OperatorCommand
{
    public static RootCommand Build()
    {
        var kubeconfig = Text("--kubeconfig",
            "Kubeconfig file (default: the in-cluster service account, KUBECONFIG, or ~/.kube/config)");
        var ns = Text("--namespace", "Namespaces to watch, separated by commas (default: all)");
        var outputPrefix = Text("--output-prefix",
            "Runs without spec.output.uri write to PREFIX/NAMESPACE/KIND/NAME, such as az://runs");
        var progressUrl = Text("--progress-url",
            "Address at which worker pods reach this operator, such as http://lightreasoner-operator.lightreasoner:8080; left out: pods "
            + "do not report");
        var listen = Text("--listen",
            "Address of progress and health (default: the progress URL where that is on this machine, else "
            + $"{OperatorOptions.DefaultListen})");
        var metricsListen = Text("--metrics-listen",
            $"Address of the metrics (default: {OperatorOptions.DefaultMetricsListen}, or any free port of 127.0.0.1 where --listen is "
            + "there)");
        var workerImage = Text("--worker-image",
            $"Image of runs with gpus: 0 that name none (default: {OperatorOptions.DefaultWorkerImage})");
        var workerCudaImage = Text("--worker-cuda-image",
            $"Image of runs on GPUs that name none (default: {OperatorOptions.DefaultWorkerCudaImage})");
        var volumeTypes = Text("--allowed-volume-types",
            $"Types of volumes that runs may have, separated by commas (default: {string.Join(",", RunPolicy.DefaultVolumeTypes)})");
        var images = Text("--allowed-images", "Prefixes of images that runs may use, separated by commas (default: any)");
        var accounts = Text("--allowed-service-accounts",
            "Service accounts that runs may use, separated by commas, with * for the rest of a name (default: any)");
        var secrets = Text("--allowed-secrets",
            "Secrets that runs may use, separated by commas, with * for the rest of a name (default: any)");
        var tokens = Flag("--allow-service-account-tokens",
            "Runs may project tokens of their service account into their pods");
        var workerDefaults = Text("--worker-defaults", "YAML or JSON file with defaults for spec.worker");
        var leaderElect = Flag("--leader-elect", "Elect one working replica by a Lease");
        var concurrency = Number("--concurrency", "Runs of one kind that are reconciled at once",
            new OperatorOptions().Concurrency, 1, 256);
        var logFormat = Choice("--log-format", "How log lines are written", "text", "json");
        var logLevel = Choice("--log-level", "Lowest level that is logged", "information", "debug", "warning", "error");
        Option[] options = [kubeconfig, ns, outputPrefix, progressUrl, listen, metricsListen, workerImage, workerCudaImage, workerDefaults,
            volumeTypes, images, accounts, secrets, tokens, leaderElect, concurrency, logFormat, logLevel];

        var root = new RootCommand("Reconciles SamplingRuns, FineTuneRuns and RefineRuns into Jobs, and gathers their progress.");
        var run = new Command("run", "Runs the operator (the default)");
        foreach (var command in new[] { root, run })
        {
            foreach (var option in options) command.Options.Add(option);
            command.SetAction(RunAsync);
        }
        root.Subcommands.Add(run);
        return root;

        async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
        {
            OperatorOptions settings;
            try
            {
                settings = Read(line);
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or JsonException
                or ManifestException)
            {
                await Console.Error.WriteLineAsync($"operator: {e.Message}").ConfigureAwait(false);
                return 64;
            }
            return await OperatorRun.RunAsync(settings, cancellationToken).ConfigureAwait(false);
        }

        OperatorOptions Read(ParseResult line)
        {
            Uri? target = line.GetValue(progressUrl) is { } url ? Absolute(url) : null;
            var address = line.GetValue(listen) ?? (target?.IsLoopback == true ? target.GetLeftPart(UriPartial.Authority)
                : OperatorOptions.DefaultListen);
            var metricsAddress = line.GetValue(metricsListen)
                ?? (ListenAddress.Of(address).Address is { } ip && System.Net.IPAddress.IsLoopback(ip) ? "http://127.0.0.1:0"
                    : OperatorOptions.DefaultMetricsListen);
            ListenAddress.Of(metricsAddress);
            return new OperatorOptions
            {
                Kubeconfig = line.GetValue(kubeconfig),
                Namespaces = List(line.GetValue(ns)) ?? [],
                OutputPrefix = line.GetValue(outputPrefix) is { } prefix ? OutputPrefix(prefix) : null,
                ProgressUrl = target,
                Listen = address,
                MetricsListen = metricsAddress,
                WorkerImage = line.GetValue(workerImage) ?? OperatorOptions.DefaultWorkerImage,
                WorkerCudaImage = line.GetValue(workerCudaImage) ?? OperatorOptions.DefaultWorkerCudaImage,
                AllowedVolumeTypes = List(line.GetValue(volumeTypes)) ?? RunPolicy.DefaultVolumeTypes,
                AllowedImages = List(line.GetValue(images)) ?? [],
                AllowedServiceAccounts = List(line.GetValue(accounts)) ?? ["*"],
                AllowedSecrets = List(line.GetValue(secrets)) ?? ["*"],
                AllowTokens = line.GetValue(tokens),
                WorkerDefaults = line.GetValue(workerDefaults) is { } file ? WorkerDefaultsFile.Read(file) : null,
                LeaderElect = line.GetValue(leaderElect),
                Concurrency = line.GetValue(concurrency),
                LogFormat = line.GetValue(logFormat) == "json" ? LogFormat.Json : LogFormat.Text,
                LogLevel = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(line.GetValue(logLevel)!),
            };
        }
    }

    private static string[]? List(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Uri Absolute(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? new Uri(url) : throw new FormatException($"--progress-url: must be an http or https URL, was '{url}'");

    private static string OutputPrefix(string prefix) => prefix.Contains("://", StringComparison.Ordinal)
        && System.Text.RegularExpressions.Regex.IsMatch(prefix, Patterns.OutputUri)
        ? prefix
            : throw new FormatException("--output-prefix: must be a URI such as az://container/path, s3://bucket/path or file:///folder, "
            + $"was '{prefix}'");

    private static string? FromEnvironment(string option) =>
        Environment.GetEnvironmentVariable("LIGHTREASONER_" + option.TrimStart('-').Replace('-', '_')
            .ToUpperInvariant()) is { Length: > 0 } value ? value : null;

    private static Option<string?> Text(string name, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => FromEnvironment(name) };

    private static Option<bool> Flag(string name, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => FromEnvironment(name) is "1" or "true" or "True" };

    private static Option<int> Number(string name, string description, int fallback, int minimum, int maximum)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            DefaultValueFactory = _ => int.TryParse(FromEnvironment(name), CultureInfo.InvariantCulture, out var value) ? value : fallback,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < minimum || value > maximum))
                result.AddError($"{name}: must be {minimum} to {maximum}, was {value}");
        });
        return option;
    }

    private static Option<string?> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string?>(name)
        {
            Description = $"{description} ({string.Join(", ", values)})",
            DefaultValueFactory = _ =>
            FromEnvironment(name) ?? values[0]
        };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
