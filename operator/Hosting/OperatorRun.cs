using k8s;
using k8s.Exceptions;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace LightReasoner.Operator.Hosting;

/// <summary>Runs the operator until it is told to stop.</summary>
internal static class OperatorRun
{
    /// <returns>0 after an ordered stop, 78 if it cannot be started as configured.</returns>
    public static async Task<int> RunAsync(OperatorOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = OperatorHost.Build(options);
            var server = app.Services.GetRequiredService<IKubernetes>().BaseUri.ToString();
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("LightReasoner.Operator").Started(
                OperatorOptions.Version, options.Namespaces.Count > 0 ? $"namespaces {string.Join(", ", options.Namespaces)}"
                    : "all namespaces", server,
                addresses.First(), addresses.Last(), options.ReportTarget ?? "nobody (no --progress-url)");
            await app.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }
        catch (Exception e) when (e is KubeConfigException or IOException or FormatException)
        {
            await Console.Error.WriteLineAsync($"operator: {e.Message}").ConfigureAwait(false);
            return 78;
        }
    }
}
