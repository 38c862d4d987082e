using System.Net;
using k8s;
using k8s.LeaderElection;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.KubernetesClient;
using KubeOps.Operator;
using KubeOps.Operator.LeaderElection;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Metrics;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Runs;
using LightReasoner.Operator.Watching;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Prometheus;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace LightReasoner.Operator.Hosting;

/// <summary>Puts the operator together: KubeOps with its controllers, and the HTTP endpoints.</summary>
internal static class OperatorHost
{
    /// <summary>Name of the operator; the Lease is called <c>NAME-leader</c>.</summary>
    public const string Name = "lightreasoner-operator";

    /// <param name="options">What the operator is told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="configure">Replaces services.</param>
    public static WebApplication Build(OperatorOptions options, TimeProvider? time = null, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSerilog(Logger(options), dispose: true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            Listen(kestrel, options.Listen, _ => { });
            // The metrics have a port of their own, which a NetworkPolicy can open for Prometheus alone.
            Listen(kestrel, options.MetricsListen, listener => listener.Use(next => connection =>
            {
                connection.Features.Set(new MetricsConnection());
                return next(connection);
            }));
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(25));
        AddOperator(builder.Services, options, time ?? TimeProvider.System);
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        app.MapWhen(context => context.Features.Get<MetricsConnection>() is not null, metrics =>
        {
            metrics.UseMetricServer(url: "/metrics", registry: app.Services.GetRequiredService<OperatorMetrics>().Registry);
            metrics.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        });
        app.MapPost(ProgressEndpoint.Path, context => context.RequestServices.GetRequiredService<ProgressEndpoint>().HandleAsync(context));
        HealthEndpoints.Map(app);
        // From the start: it listens to the election.
        app.Services.GetRequiredService<Leadership>();
        ForgetWithLeadership(app.Services);
        return app;
    }

    /// <summary>The namespace that KubeOps watches, which knows one or all; the operator's own watches know several.</summary>
    public static string? KubeOpsNamespace(OperatorOptions options) => options.Namespaces.Count == 0 ? null : options.Namespaces[0];

    private static void Listen(KestrelServerOptions kestrel, string url, Action<ListenOptions> configure)
    {
        var (address, port) = ListenAddress.Of(url);
        if (address is null) kestrel.ListenAnyIP(port, configure);
        else kestrel.Listen(address, port, configure);
    }

    /// <summary>What is remembered of runs is the leader's; a later term starts with what it then finds.</summary>
    private static void ForgetWithLeadership(IServiceProvider services)
    {
        if (services.GetService<LeaderElector>() is not { } elector) return;
        elector.OnStoppedLeading += () =>
        {
            services.GetRequiredService<RunMemory>().Forget();
            services.GetRequiredService<OperatorMetrics>().Forget();
            services.GetRequiredService<RunQueue>().Forget();
        };
    }

    private static void AddOperator(IServiceCollection services, OperatorOptions options, TimeProvider time)
    {
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton(_ => Configuration(options));
        services.AddSingleton<IKubernetes>(s => new Kubernetes(s.GetRequiredService<KubernetesClientConfiguration>(),
            s.GetRequiredService<ApiRequests>().Handler()));
        services.AddSingleton<IKubernetesClient>(s => new KubernetesClient(s.GetRequiredService<KubernetesClientConfiguration>(),
            s.GetRequiredService<IKubernetes>()));

        services.AddSingleton<Leadership>();
        services.AddSingleton<LeaderClient>();
        services.AddSingleton<OperatorLease>();
        services.AddSingleton<ILeaderElectorFactory>(s => s.GetRequiredService<OperatorLease>());
        services.AddHostedService(s => s.GetRequiredService<OperatorLease>());
        services.AddSingleton<Outage>();
        services.AddSingleton<OwnedStore>();
        services.AddSingleton<RunIndex>();
        services.AddSingleton<Watches>();
        services.AddHostedService(s => s.GetRequiredService<Watches>());
        services.AddSingleton<ProgressStore>();
        services.AddSingleton<StatusPace>();
        services.AddSingleton<Waiters>();
        services.AddSingleton<RunMemory>();
        services.AddSingleton<RunQueue>();
        services.AddSingleton<RunObserver>();
        services.AddSingleton<RunDecider>();
        services.AddSingleton<RunActor>();
        services.AddSingleton<RunEvents>();
        services.AddHostedService(s => s.GetRequiredService<RunEvents>());
        services.AddSingleton<ApiRequests>();
        services.AddSingleton<OperatorMetrics>();
        services.AddSingleton<KubeOpsMeter>();
        services.AddSingleton<ITokenReviewer, TokenReviewer>();
        services.AddSingleton<IWorkerPods, WorkerPods>();
        services.AddSingleton<TokenCheck>();
        services.AddSingleton<ReportRate>();
        services.AddSingleton<ProgressEndpoint>();

        services.AddKubernetesOperator(settings => settings
                .WithName(Name)
                .WithNamespace(KubeOpsNamespace(options))
                .WithLeaderElection(options.LeaderElect ? LeaderElectionType.Single : LeaderElectionType.None)
                // Of Jobs, pods and annotations the operator's own watches tell; its own writes of a status wake nobody.
                .WithReconcileStrategy(ReconcileStrategy.ByGeneration)
                .WithParallelReconciliation(parallel => parallel.WithMaxParallelReconciliations(options.Concurrency)))
            .AddController<RunController<SamplingRunEntity>, SamplingRunEntity>()
            .AddController<RunController<FineTuneRunEntity>, FineTuneRunEntity>()
            .AddController<RunController<RefineRunEntity>, RefineRunEntity>();
    }

    private static KubernetesClientConfiguration Configuration(OperatorOptions options)
    {
        var config = options.Kubeconfig is { } file
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(file)
            : KubernetesClientConfiguration.BuildDefaultConfig();
        // The API server names the field manager after it.
        config.UserAgent = $"{Name}/{OperatorOptions.Version}";
        return config;
    }

    private static Serilog.ILogger Logger(OperatorOptions options)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(Enum.Parse<LogEventLevel>(options.LogLevel))
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            // What KubeOps has to tell of a server that is away, a stack trace a try, the operator tells itself in one line.
            .MinimumLevel.Override("KubeOps", LogEventLevel.Fatal)
            .Enrich.FromLogContext();
        return (options.LogFormat == LogFormat.Json
            ? logger.WriteTo.Console(new JsonFormatter(renderMessage: true))
            : logger.WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}",
                formatProvider: System.Globalization.CultureInfo.InvariantCulture))
            .CreateLogger();
    }
}

/// <summary>Marks a connection to the metrics' port.</summary>
internal sealed class MetricsConnection;
