global using k8s;
global using k8s.Models;
global using LightReasoner.Api;
global using LightReasoner.Operator.Entities;
global using LightReasoner.Operator.Jobs;
global using LightReasoner.Operator.Runs;
