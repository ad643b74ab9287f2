var me=class extends Error{constructor(t,{gone:o=!1,status:n=0}={}){super(t),this.gone=o,this.status=n}},fo="The server has stopped: run the command again.",Yn="This page is not known to the server any more: open the address that the command printed.",ho="";function Mt(e){ho=e??""}async function Ct(e,t){let o;try{o=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(r){throw r.name==="AbortError"?r:new me(fo,{gone:!0})}let n=null;try{n=await o.json()}catch(r){if(r.name==="AbortError")throw r;if(o.ok)throw new me(fo,{gone:!0})}if(o.ok)return n;let s=o.status;throw s===401||s===403?new me(Yn,{gone:!0,status:s}):s===409?new me("The command was started again: this page loads anew.",{gone:!0,status:s}):new me(n?.error??`The server answered ${s}.`,{status:s})}var ne=(e,t)=>Ct(e,{signal:t}),je=(e,t)=>Ct(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":ho},body:JSON.stringify(t)}),mo=(e,t)=>Ct(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),ve=e=>new Promise(t=>setTimeout(t,e));var Vn=Object.freeze({mark:"",stars:0}),Ve=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??Vn}isKept(t){return!this.unkept.has(t)}async load(){this._take((await ne("/api/marks")).marks,!0)}arrive(t,o){let n=!1;for(let s of o){let r=t.id[s];!t.mark?.[s]&&!t.stars?.[s]||this.unkept.has(r)||(this.states.set(r,{mark:t.mark[s],stars:t.stars[s]}),n=!0)}n&&this._changed()}waitingFor(t){return this.queue.filter(o=>o.before).map(({ids:o,body:n})=>({names:o.map(t),body:n}))}async resend(t,o){for(let{names:n,body:s}of t){let r=n.map(a=>o.get(a)).filter(a=>a!==void 0);r.length&&await je("/api/marks",{...s,ids:r})}}set(t,o){let n=t.map(s=>[s,this.of(s)]);for(let s of t)this.states.set(s,{...this.of(s),...o});this.queue.push({path:"/api/marks",body:{ids:t,...o},ids:t,before:n}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[o,n]of t.before)this.states.set(o,n);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:o}=await je(t.path,t.body);this._done(t);let n=new Set(this.queue.flatMap(s=>s.ids));this._take(Object.fromEntries(Object.entries(o??{}).filter(([s])=>!n.has(Number(s)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(o??{}).map(Number))}catch(o){if(this.on.failed(o),o.gone){for(this.waiting=!0;!this.on.isBack();)await ve(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let o=this.queue.indexOf(t);o>=0&&this.queue.splice(o,1)}_take(t,o){o&&(this.states=new Map);for(let[n,{mark:s,stars:r}]of Object.entries(t??{}))this.states.set(Number(n),{mark:s??"",stars:r??0});if(o)for(let n of this.queue)this._again(n);this._changed()}_again({ids:t,body:o}){let{mark:n,stars:s}=o;for(let r of t)this.states.set(r,{mark:n??this.of(r).mark,stars:s??this.of(r).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:o,stars:n}of this.states.values())o&&(t[o]+=1),n&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(o=>o.ids)),this.version+=1,this.on.changed()}};var _o=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var Ae=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.bursts=new Map;for(let t of _o)this[t]=[]}append(t){let o=[];for(let n=0;n<t.id.length;n++){if(this.rows.has(t.id[n]))continue;o.push(n),this.rows.set(t.id[n],this.n);for(let r of _o)this[r].push(t[r]?.[n]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let s=this.familiarity[this.n];s!==null&&s<.05&&(this.unlike+=1),this.n+=1}return o.length&&(this.version+=1),o}group(t){for(let n=0;n<this.n;n++)this.burst[n]=t[this.id[n]];let o=new Map;for(let n=0;n<this.n;n++){let s=this.burst[n];s!=null&&(o.has(s)?o.get(s).push(n):o.set(s,[n]))}this.bursts=new Map([...o].filter(([,n])=>n.length>1));for(let n of this.bursts.values())n.sort((s,r)=>(this.score[r]??-1)-(this.score[s]??-1)||s-r);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let o=this.name[t]??"";return o.slice(o.lastIndexOf("/")+1)}};var Ge={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first"},Ze={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function St(e,t,o){let n=new Float64Array(e);for(let r=0;r<e;r++){let a=t[r];n[r]=a==null?1/0:o*a}let s=new Uint32Array(e);for(let r=0;r<e;r++)s[r]=r;return s.sort((r,a)=>n[r]<n[a]?-1:n[r]>n[a]?1:r-a)}var Gn=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function Et(e,t){let o=e.n;if(t==="name"){let n=e.name.map(Gn),s=Uint32Array.from({length:o},(a,i)=>i),r=(a,i)=>n[a]<n[i]?-1:n[a]>n[i]?1:a-i;return s.sort((a,i)=>e.folder[a]-e.folder[i]||r(a,i))}return t==="time"?St(o,e.taken,1):t==="strange"?St(o,e.familiarity,1):St(o,e.score,t==="worst"?1:-1)}function Zn(e,t,o){let n=s=>t.of(e.id[s]);return{all:()=>!0,pick:s=>n(s).mark==="pick",reject:s=>n(s).mark==="reject",none:s=>n(s).mark===""&&!F(e,s),stars:s=>n(s).stars>0,burst:s=>e.burstOf(s).length>1,unlike:s=>e.familiarity[s]!==null&&e.familiarity[s]<.05,broken:s=>F(e,s)}[o]}var F=(e,t)=>!!e.error[t]||e.score[t]===null;function go(e,t,o,{show:n,low:s,high:r,query:a,fold:i,open:d}){let h=Zn(t,o,n),l=a.trim().toLowerCase(),g=[],_=i&&t.bursts.size>0,u=new Map,m=b=>{let $=t.score[b];return s!==null&&!($!==null&&$>=s)||r!==null&&!($!==null&&$<=r)||l&&!(t.name[b]??"").toLowerCase().includes(l)?!1:h(b)};for(let b of e)if(m(b)){if(_){let $=t.burstOf(b);if($.length>1){let w=t.burst[b];u.has(w)||u.set(w,$.find(m));let k=u.get(w);if(d.has(w)){b===k&&g.push(...$.filter(m));continue}if(b!==k)continue}}g.push(b)}return Uint32Array.from(g)}function $o(e,t,o,n,s){let r=new Set,a=new Set;for(let i of e){if(r.size>=n)break;if(!(F(t,i)||o.of(t.id[i]).mark==="reject")){if(s&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}r.add(i)}}return r}function bo(e,t){let o=1/0,n=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<o&&(o=i),i>n&&(n=i))}let s=new Uint32Array(t);if(o>n)return{low:0,high:1,counts:s};let r=(n-o)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(s[Math.min(t-1,Math.floor((i-o)/r))]+=1)}return{low:o,high:n,counts:s}}var Le="";function ko(e){Le=e?`run=${encodeURIComponent(e)}`:""}var Jn=12,ae=new Map;function Je(e,t=1600){let o=De(e,t),n=ae.get(o);if(n&&!n.failed)return ae.delete(o),ae.set(o,n),n;n=new Image,n.decoding="async",n.alt="",n.draggable=!1,n.src=o,n.ready=n.decode().then(()=>n.done=!0,()=>n.failed=!0),ae.set(o,n);for(let[s,r]of ae){if(ae.size<=Jn)break;r.isConnected||ae.delete(s)}return n}var De=(e,t=1600)=>`/photo/${e}?side=${t}${Le&&`&${Le}`}`,yo=(e,t=1600)=>!!ae.get(De(e,t))?.done,_e=e=>`/thumb/${e}${Le&&`?${Le}`}`;var E=e=>e==null?"–":e.toFixed(2),q=e=>e==null?"–":e.toFixed(4),ie=e=>e==null?"–":e.toFixed(1),Qn=new Intl.NumberFormat("en"),O=e=>Qn.format(e),W=(e,t)=>`${O(e)} ${t}${e===1?"":"s"}`;function Qe(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[er.select(e)];return`${O(e)}${t}`}var er=new Intl.PluralRules("en",{type:"ordinal"});function wo(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function vo(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var tr=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short",timeZone:"UTC"}),xo=e=>e==null?"":tr.format(new Date(e*1e3)),Ue=e=>e?W(e,"star"):"no stars";var le=32,or=500;function xe(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function J(e,t){c[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}y()}var f=new Ae,c={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,chosen:new Set,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:xe("fold",!0),single:xe("single",!0),advance:xe("advance",!1),size:xe("size",innerWidth>=1900?230:190),theme:xe("theme","auto"),letters:xe("letters",!0)},jt=new Set,Pt=!1;function y(e){e&&Object.assign(c,e),!Pt&&(Pt=!0,queueMicrotask(()=>{Pt=!1,ur();for(let t of jt)t()}))}function Mo(e){return jt.add(e),()=>jt.delete(e)}function j(e){y({said:e===c.said?`${e} `:e})}function ge(e){e.name!=="AbortError"&&(y({problem:e.message,gone:e.gone||c.gone}),e.gone&&dr())}var v=new Ve({changed:()=>y(),failed:ge,isBack:()=>!c.gone,undone(e){if(!e.length)return j("Nothing to undo.");let t=f.rows.get(e[0]);t!==void 0&&N().where.has(t)&&K(t),j(e.length===1&&t!==void 0?`Undone: ${f.file(t)} ${At(t)}`:`Undone for ${W(e.length,"photograph")}.`)}});function $e(e){let t=null,o;return(...n)=>((!t||n.some((s,r)=>s!==t[r]))&&(t=n,o=e(...n)),o)}var nr=$e((e,t)=>Et(f,t)),Co=$e(()=>Et(f,"best")),rr=$e(e=>{let t=new Uint32Array(f.n);return Co(e).forEach((o,n)=>t[o]=n+1),t}),sr=$e(e=>{let t=new Map;return e.forEach((o,n)=>t.set(o,n)),t}),ar=$e((e,t,o,n,s,r,a,i)=>go(e,f,v,{show:o,low:n,high:s,query:r,fold:a,open:i})),tt=()=>ir(f.version),ir=$e(()=>bo(f,le)),lr=$e((e,t,o,n)=>$o(Co(e),f,v,o,n)),cr=new Set(["pick","reject","none","stars"]);function N(){let e=nr(f.version,c.order),t=cr.has(c.show)?v.version:-1,o=ar(e,t,c.show,c.low,c.high,c.query,c.fold,c.open),n=c.keep?lr(f.version,v.version,c.keep,c.single):new Set;return{rows:o,where:sr(o),proposed:n}}var ot=e=>rr(f.version)[e];function Be(){let{pick:e,reject:t,stars:o}=v.counts,n=0;for(let s of f.bursts.values())n+=s.length;return{all:f.n,pick:e,reject:t,none:Math.max(0,f.scored-e-t),stars:o,burst:n,unlike:f.unlike,broken:f.broken}}function At(e){let{mark:t,stars:o}=v.of(f.id[e]),n=[F(f,e)?"not scored":`score ${E(f.score[e])}`];n.push({pick:"pick",reject:"reject","":"undecided"}[t]),o&&n.push(Ue(o));let s=f.burstOf(e).length;return s&&n.push(`one of a burst of ${s}`),n.join(", ")}function K(e){y({current:e,moved:!0}),c.view.name==="one"&&(c.view={name:"one",id:f.id[e]},location.hash=`#one/${f.id[e]}`)}function ce(e){let{rows:t,where:o}=N();if(!t.length)return;let n=o.get(c.current)??et;K(t[Math.max(0,Math.min(t.length-1,n+e))])}var et=0;function ur(){if(!f.n)return;let{rows:e,where:t}=N();if(!c.moved&&e.length&&(c.current=e[0]),e.length&&!t.has(c.current)&&c.view.name==="cull"){let o=c.current<0?void 0:f.burstOf(c.current).find(n=>t.has(n));c.current=o??e[Math.min(e.length-1,et)]}et=t.get(c.current)??et}function ue(e,{next:t=c.advance}={}){let o=c.current;if(o<0)return;let n=f.id[o],s=v.of(n).mark===e?"":e,{rows:r,where:a}=N(),i=r[a.get(o)+1];c.moved=!0,v.set([n],{mark:s}),j(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[s]} ${f.file(o)}`),t&&s&&i!==void 0&&K(i)}function Re(e){let t=c.current;t<0||(v.set([f.id[t]],{stars:e}),j(`${f.file(t)}: ${Ue(e)}`))}function So(){let e=[...N().proposed].map(t=>f.id[t]).filter(t=>v.of(t).mark!=="pick");e.length&&v.set(e,{mark:"pick"}),j(`Picked ${W(e.length,"photograph")}. U takes it back.`),y({keep:0})}function Q(e){y(e);let{rows:t}=N();j(`${W(t.length,"photograph")} shown, ${e.order?Ge[e.order]:Ze[c.show]}.`)}function Eo(){let e=c.current;if(e<0||f.burstOf(e).length<2)return j("This photograph is in no burst.");if(!c.fold)return j("Bursts are not folded.");let t=new Set(c.open),o=f.burst[e],n=!t.delete(o);n&&t.add(o),y({open:t}),j(n?`Burst of ${f.burstOf(e).length} unfolded.`:"Burst folded.")}var Po=()=>c.show!=="all"||c.low!==null||c.high!==null||c.query!=="";async function pr(){let e=[],t=0;for(let o=f.n;;){let n=await ne(`/api/photos?from=${o}`);o+=n.id.length,e.push(n);let s=n.done||!n.id.length;if(s||performance.now()-t>or){for(let r of e)v.arrive(r,f.append(r));e=[],y(),t=performance.now()}if(s)return}}var Ot=!1;async function Oo(){if(!Ot){Ot=!0;try{for(;;){let e=await ne("/api/state"),t=c.gone;if(c.server&&e.run!==c.server.run)return await fr(e);if(ko(e.run),Mt(e.run),y({server:e,gone:!1,problem:t?"":c.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await pr(),e.done&&e.bursts){f.group((await ne("/api/bursts")).burst),y();break}await ve(700)}}catch(e){ge(e)}finally{Ot=!1}}}async function fr(e){let t=v.waitingFor(o=>Tt(f,f.rows.get(o)));if(t.length){let o=new Ae,n=new Map,s=new Set(t.flatMap(r=>r.names));for(;o.n<e.n_photos&&s.size>n.size;){let r=o.n;o.append(await ne(`/api/photos?from=${r}`));for(let a=r;a<o.n;a++)s.has(Tt(o,a))&&n.set(Tt(o,a),o.id[a]);o.n===r&&await ve(300)}Mt(e.run),await v.resend(t,n)}v.queue.length=0,location.reload()}var Tt=(e,t)=>`${e.folder[t]}/${e.name[t]}`,zt=!1;async function dr(){if(!zt){for(zt=!0;c.gone;)await ve(2500),await Oo();zt=!1}}async function To(){Oo();try{await v.load()}catch(e){ge(e)}}function zo(){let e=c.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,o=e.n_photos?t/e.n_photos:0,n=e.rate?` · ${e.rate.toFixed(1)} a second`:"",s=e.seconds_left!==null&&t?` · ${wo(e.seconds_left)} left`:"";return{share:o,text:`${O(t)} of ${O(e.n_photos)} scored${n}${s}`}}var Nt=4,hr=40,jo=1.3,Ao=.15,A={zoom:1,x:.5,y:.5},Ie=()=>(c.view.ids??[]).map(e=>f.rows.get(e)).filter(e=>e!==void 0);function rt(e){let t=e.querySelector("img"),o=t?.naturalWidth?t.naturalWidth/t.naturalHeight:1.5,n=Math.min(e.clientWidth,e.clientHeight*o);return{width:n,height:n/o}}function qe(){for(let e of document.querySelectorAll(".lens")){let{width:t,height:o}=rt(e),n=(.5-A.x)*t*A.zoom,s=(.5-A.y)*o*A.zoom;e.style.transform=`translate(${n}px, ${s}px) scale(${A.zoom})`}}function nt(e,t,o){let n=Math.max(0,.5-.5/e),s=a=>Math.max(.5-n,Math.min(.5+n,a)),r=e>1!=A.zoom>1;Object.assign(A,{zoom:e,x:s(t),y:s(o)}),qe(),r&&y()}function We(e,t=document.querySelector(".lens"),o=0,n=0){if(!t)return;let{width:s,height:r}=rt(t),a=Math.max(1,Math.min(hr,A.zoom*e)),i=1/A.zoom-1/a;nt(a,A.x+o/s*i,A.y+n/r*i)}function Lt(e,t,o){let{width:n,height:s}=rt(e);nt(A.zoom,A.x-t/(n*A.zoom),A.y-o/(s*A.zoom))}function st(){let e=document.querySelector(".pane[aria-current] .lens");if(!e)return;let t=c.current,o=Math.max(f.width[t]??0,f.height[t]??0)||1600,{width:n,height:s}=rt(e),r=o/Math.max(n,s)/devicePixelRatio;A.zoom>1?nt(1,.5,.5):nt(Math.max(1.01,r),A.x,A.y)}var Do=e=>`#compare/${e.join(",")}`;function Dt(){let{rows:e,where:t}=N(),o=[...c.chosen].map(s=>f.rows.get(s)),n=c.current;if(o.length===1&&!c.chosen.has(f.id[n])&&o.push(n),o.length<2&&n>=0){let s=f.burstOf(n).filter(i=>i!==n),r=t.get(n)??0,a=[e[r+1]??e[r-1]].filter(i=>i!==void 0&&i!==n);o=[n,...s.length?s:a].slice(0,Nt)}if(o.length<2)return j("There is nothing to compare it with.");Object.assign(A,{zoom:1,x:.5,y:.5}),y({large:!1,current:o.includes(n)?n:o[0],moved:!0}),location.hash=Do(o.map(s=>f.id[s]))}function Ut(e=c.current){if(e<0)return;let t=f.id[e],o=new Set(c.chosen);if(!o.delete(t)){if(o.size>=Nt)return j(`At most ${Nt} photographs are compared.`);o.add(t)}y({chosen:o}),j(`${f.file(e)} ${o.has(t)?"chosen":"not chosen"}: ${o.size} to compare.`)}function at(e){let t=Ie(),o=t.indexOf(c.current),{rows:n,where:s}=N(),r=(s.get(c.current)??-1)+e;for(;n[r]!==void 0&&t.includes(n[r]);)r+=e;let a=n[r];if(o<0||a===void 0)return j("There is no further candidate.");Uo(t.map((i,d)=>d===o?a:i),a),j(`Now ${f.file(a)}`)}function Bt(){let e=Ie();if(e.length<=2)return j("Two are the fewest to compare.");let t=e.indexOf(c.current),o=e.filter(n=>n!==c.current);Uo(o,o[Math.min(t,o.length-1)])}function Uo(e,t){let o=e.map(n=>f.id[n]);y({current:t,moved:!0,view:{name:"compare",id:null,ids:o}}),history.replaceState(null,"",Do(o))}function mr(e){let t=Ie();t.length&&K(t[(t.indexOf(c.current)+e+t.length)%t.length])}var re=e=>(t,o)=>c.view.name==="compare"?e(t,o):!1,No=e=>()=>c.view.name==="cull"?e():!1,_r={ArrowLeft:[1,0],ArrowRight:[-1,0],ArrowUp:[0,1],ArrowDown:[0,-1]};function Lo(e,t){let[o,n]=_r[e],s=document.querySelector(".lens");t&&s?Lt(s,o*Ao*s.clientWidth,n*Ao*s.clientHeight):o?mr(-o):at(-n)}var Rt=[{keys:["c"],label:["C"],text:"compare those chosen; else the burst, or the next (Cull)",run:No(Dt)},{keys:["s"],label:["S"],text:"choose to compare, at most 4 (Cull; Ctrl+click)",run:No(()=>Ut())},{keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the one beside",run:re(Lo)},{keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"another candidate in its place",run:re(Lo)},{keys:[],label:["Shift+←"],text:"move what is seen, with any arrow",run:()=>!1},{keys:["+","=","-"],label:["+","−"],text:"zoom all",run:re(e=>We(e==="-"?1/jo:jo))},{keys:["z"],label:["Z"],text:"every pixel; again: whole",run:re(st)},{keys:["p"],label:["P"],text:"pick this one",run:re(()=>ue("pick",{next:!1}))},{keys:["x"],label:["X"],text:"reject this one",run:re(()=>ue("reject",{next:!1}))},{keys:["u"],label:["U"],text:"undo",run:re(()=>v.undo())},{keys:["Delete","Backspace"],label:["Del"],text:"leave this one out",run:re(Bt)},{keys:["c"],label:["C"],text:"back to Cull",run:re(()=>location.hash="#cull")}].map(e=>({group:"Compare",...e}));var Ro=function(e,t,o,n){var s;t[0]=0;for(var r=1;r<t.length;r++){var a=t[r++],i=t[r]?(t[0]|=a?1:2,o[t[r++]]):t[++r];a===3?n[0]=i:a===4?n[1]=Object.assign(n[1]||{},i):a===5?(n[1]=n[1]||{})[t[++r]]=i:a===6?n[1][t[++r]]+=i+"":a?(s=e.apply(i,Ro(e,i,o,["",null])),n.push(s),i[0]?t[0]|=2:(t[r-2]=0,t[r]=s)):n.push(i)}return n},Bo=new Map;function Io(e){var t=Bo.get(this);return t||(t=new Map,Bo.set(this,t)),(t=Ro(this,t.get(e)||(t.set(e,t=(function(o){for(var n,s,r=1,a="",i="",d=[0],h=function(_){r===1&&(_||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?d.push(0,_,a):r===3&&(_||a)?(d.push(3,_,a),r=2):r===2&&a==="..."&&_?d.push(4,_,0):r===2&&a&&!_?d.push(5,0,!0,a):r>=5&&((a||!_&&r===5)&&(d.push(r,0,a,s),r=6),_&&(d.push(r,_,0,s),r=6)),a=""},l=0;l<o.length;l++){l&&(r===1&&h(),h(l));for(var g=0;g<o[l].length;g++)n=o[l][g],r===1?n==="<"?(h(),d=[d],r=3):a+=n:r===4?a==="--"&&n===">"?(r=1,a=""):a=n+a[0]:i?n===i?i="":a+=n:n==='"'||n==="'"?i=n:n===">"?(h(),r=1):r&&(n==="="?(r=5,s=a,a=""):n==="/"&&(r<5||o[l][g+1]===">")?(h(),r===3&&(d=d[0]),r=d,(d=d[0]).push(2,0,r),r=0):n===" "||n==="	"||n===`
`||n==="\r"?(h(),r=2):a+=n),r===3&&a==="!--"&&(r=4,d=d[0])}return h(),d})(e)),t),arguments,[])).length>1?t:t[0]}var P,Ho,gr,pe,It,ut,Fo,lt,Ko,Wt,qt,$r,Fe=Symbol.for("pv"),pt={},ft=[],br=/^m(i|n|o|s|text|space)$/,Ht=Array.isArray,Ft=ft.slice,ke=Object.assign;function be(e){e&&e.parentNode&&e.remove()}function Xo(e,t,o){var n,s,r,a={},i=arguments.length;for(r in t)r=="key"?n=t[r]:r=="ref"&&typeof e!="function"?s=t[r]:a[r]=t[r];return i>2&&(a.children=i>3?Ft.call(arguments,2):o),He(e,a,n,s,null)}function He(e,t,o,n,s){var r={type:e,props:t,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Fe,__v:s||++Ho,__i:-1,__u:0};return!s&&P.vnode&&P.vnode(r),r}function dt(e){return e.children}function Me(e,t){this.props=e,this.context=t,this.__g=0}function fe(e,t){if(t==null)return e.__&&fe(e.__,e.__i+1);for(var o;t<e.__k.length;t++)if((o=e.__k[t])&&o.__e)return o.__e;return typeof e.type!="function"||e.props.__P?null:fe(e)}function kr(e){var t,o=e.__v,n=o.__e,s=[],r=[],a=e.__P;a&&((t=ke({constructor:Fe},o)).__v=o.__v+1,P.vnode&&P.vnode(t),Kt(a,t,o,e.__n,a.namespaceURI,32&o.__u?[n]:null,s,n||fe(o),32&o.__u,r),t.__v=o.__v,t.__.__k[t.__i]=t,Qo(s,t,r),o.__=o.__e=null,t.__e!=n&&Yo(t))}function Yo(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Yo(e)}function qo(e){(8&e.__g||(e.__g|=8,pe.push(e),ut++))&&It==P.debounceRendering||((It=P.debounceRendering)||queueMicrotask)(Vo)}function Vo(){try{for(var e,t=1;pe.length;)pe.length>t&&pe.sort(Fo),e=pe.shift(),t=pe.length,8&e.__g&&kr(e)}finally{(ut=pe.length)&&(It||queueMicrotask)(Vo)}}function Go(e,t,o,n,s,r,a,i,d,h,l){var g,_,u,m,b,$,w=n.__k||ft,k=t.length;for(d=yr(o,t,w,d,k),g=0;g<k;g++)(u=o.__k[g])!=null&&(_=~u.__i&&w[u.__i]||pt,u.__i=g,$=Kt(e,u,_,s,r,a,i,d,h,l),m=u.__e,(_.ref!=u.ref||8&_.__u)&&(_.ref&&Xt(_.ref,null,u,_),u.ref&&l.push(u.ref,u.__c||m,u)),b=b||m,4&u.__u?(d=Zo(u,d,e,!_.__v),_.__e&&(_.__e=null)):typeof u.type=="function"&&$!==void 0?d=$:m&&(d=m.nextSibling),u.__u&=-21);return o.__e=b,d}function yr(e,t,o,n,s){var r,a,i,d,h,l,g,_,u,m=o.length,b=m,$=0,w=0,k=e.__k=Array(s);for(r=0;r<s;r++)(a=t[r])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=k[r]=He(null,a):Ht(a)?a=k[r]=He(dt,{children:a}):a.constructor===Fe&&a.__b?a=k[r]=He(a.type,a.props,a.key,a.ref,a.__v):k[r]=a,d=r+$,a.__=e,a.__b=e.__b+1,i=null,~(h=a.__i=wr(a,o,d,b))&&(b--,(i=o[h])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,h==d-1?$--:h==d+1?$++:h!=d&&(h>d?$--:$++,w=1)):(~h||(s>m?$--:s<m&&$++),typeof a.type!="function"&&(a.__u|=4))):k[r]=null;if(w){for(l=[],g=[],r=0;r<s;r++)if((a=k[r])&&16&a.__u){for($=0,_=l.length;$<_;)l[u=$+_>>1]<a.__i?$=u+1:_=u;l[$]=a.__i,g[r]=$+1}for($=l.length;r--;)g[r]&&(g[r]==$?$--:k[r].__u|=4)}if(b)for(r=0;r<m;r++)!(i=o[r])||2&i.__u||(i.__e==n&&(n=fe(i)),Yt(i,i));return n}function Zo(e,t,o,n){var s,r,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(s=e.__k)for(r=0;r<s.length;r++)s[r]&&(s[r].__=e,t=Zo(s[r],t,o,!1));return t}for(t&&!t.parentNode&&(t=fe(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!n&&o.moveBefore&&a.parentNode?o.moveBefore(a,t):o.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function wr(e,t,o,n){var s,r=e.key,a=e.type,i=t[o],d=i&&!(2&i.__u);if(i===null&&r==null||d&&r==i.key&&a==i.type)return o;if(n>(d?1:0)){for(s=o-1;s>=0;s--)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s;for(s=o+1;s<t.length;s++)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s}return-1}function Wo(e,t,o){o==null&&(o=""),t[0]=="-"?e.setProperty(t,o):e[t]=o}function it(e,t,o,n,s){var r,a;if(t=="style")if(typeof o=="string")e.style.cssText=o;else{if(typeof n=="string"&&(e.style.cssText=n=""),n)for(t in n)o&&t in o||Wo(e.style,t);if(o)for(t in o)n&&o[t]==n[t]||Wo(e.style,t,o[t])}else if(t[0]=="o"&&t[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(e.__e||(e.__e={}))[t]=o,o&&n||(a=qt[t]||(qt[t]=vr(t)),(e.__a||(e.__a={}))[t]=Wt,r=t!=(t=t.replace(Ko,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),o?e.addEventListener(t,a,r):e.removeEventListener(t,a,r));else{if(s=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&o==1?"":o)}}function vr(e){return function(t){var o=this.__e;if(o){if(o=o[e],t[lt]==null)t[lt]=Wt++;else if(t[lt]<this.__a[e])return;return o(P.event?P.event(t):t)}}}function Kt(e,t,o,n,s,r,a,i,d,h){var l,g,_,u,m,b,$,w,k,C,S,M,z,U,H,x,T,G,Y=t.type;if(t.constructor!==Fe)return null;128&o.__u&&(d=32&o.__u,l=o.__c.__z)&&(t.__u|=d,g=r=[],l.nodeType==8?i=ct(l,r):r.push(l),i=r[0]||i),(l=P.__b)&&l(t);e:if(typeof Y=="function"){_=a.length;try{if(w=t.props,k=(l=Y.prototype)&&l.render,C=(l=Y.contextType)&&n[l.__c],S=l?C?C.props.value:l.__:n,(u=o.__c)?(t.__c=u,2&u.__g&&(u.__g|=1)):(k?t.__c=u=new Y(w,S):(t.__c=u=new Me(w,S),u.constructor=Y,u.render=Mr),C&&C.sub(u),u.state||(u.state={}),u.__n=n,u.__g|=8,u.__h=[],u.__k=[]),k&&(u.__s||(u.__s=u.state),Y.getDerivedStateFromProps&&(u.__s==u.state&&(u.__s=ke({},u.__s)),ke(u.__s,Y.getDerivedStateFromProps(w,u.__s)))),m=u.props,b=u.state,u.__v=t,o.__c){if(w!==m&&k&&!Y.getDerivedStateFromProps&&u.componentWillReceiveProps&&u.componentWillReceiveProps(w,S),t.__v==o.__v&&!(8&u.__g)||!(4&u.__g)&&u.shouldComponentUpdate&&u.shouldComponentUpdate(w,u.__s,S)===!1){t.__v!=o.__v&&(u.props=w,u.state=u.__s,u.__g&=-9),t.__e=o.__e,t.__k=o.__k,t.__k.some(function(Z){Z&&(Z.__=t)}),ft.push.apply(u.__h,u.__k),u.__k=[],u.__h.length&&a.push(u),i=fe(o);break e}u.componentWillUpdate&&u.componentWillUpdate(w,u.__s,S),k&&u.componentDidUpdate&&u.__h.push(function(){u.componentDidUpdate(m,b,$)})}else k&&!Y.getDerivedStateFromProps&&u.componentWillMount&&u.componentWillMount(),k&&u.componentDidMount&&u.__h.push(u.componentDidMount);u.context=S,u.props=w,u.__P=e,u.__g&=-5,M=P.__r,z=k?25:0;do u.__g&=-9,M&&M(t),l=u.render(u.props,u.state=u.__s,u.context);while(8&u.__g&&++z<25);k&&(ft.push.apply(u.__h,u.__k),u.__k=[]),u.state=u.__s,u.getChildContext&&(n=ke({},n,u.getChildContext())),k&&o.__c&&u.getSnapshotBeforeUpdate&&($=u.getSnapshotBeforeUpdate(m,b)),U=l&&l.type===dt&&l.key==null?l.props.children:l,w.__P&&(l=i,s=(e=w.__P).namespaceURI,d=r=null,o.props&&o.props.__P!=e&&(o.__k.some(function(Z){Z&&Yt(Z,Z)}),o.__k=null),i=o.__k?fe(o,0):null),i=Go(e,Ht(U)?U:[U],t,o,n,s,r,a,i,d,h),w.__P&&(t.__e=null,i=l),t.__u&=-161,g&&g.some(be),u.__h.length&&a.push(u),1&u.__g&&(u.__g&=-4)}catch(Z){if(a.length=_,t.__v=null,d||r)if(Z&&Z.then){if(t.__u|=128|d,r){for(~(T=r.indexOf(i||void 0))||(T=r.length);(G=r[T-1])&&G.nodeType==8;)T--;for(;T<r.length;T++)if(G=r[T])if(r[T]=null,H){if(G==x)break}else{if(G.nodeType!=8)break;G.data.startsWith("$s")&&(x=ct(H=G))}}if(!H){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;H=i}(l=ct(H=t.__c.__z||(t.__c.__z=H)))?(t.__e=H,i=l):t.__e=i,i=i&&i.nextSibling}else r&&r.some(be);else t.__e=o.__e;t.__k||(t.__k=o.__k||[]),Z&&Z.then||Jo(t),P.__e(Z,t,o)}}else i=t.__e=xr(o.__e,t,o,n,s,r,a,d,h,e);return(l=P.diffed)&&l(t),i}function ct(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var o=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))o++;else if(e.data.startsWith("/$s")&&!--o)return e}t&&t.push(e)}}function Jo(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Jo))}function Qo(e,t,o){for(var n=0;n<o.length;)Xt(o[n++],o[n++],o[n++]);P.__c&&P.__c(t,e),e.some(function(s){try{e=s.__h,s.__h=[],e.some(function(r){r.call(s)})}catch(r){P.__e(r,s.__v)}})}function xr(e,t,o,n,s,r,a,i,d,h){var l,g,_,u,m,b,$,w,k=o.props||pt,C=t.props,S=t.type;if(S=="svg"?s="http://www.w3.org/2000/svg":S=="math"?s="http://www.w3.org/1998/Math/MathML":s||(s="http://www.w3.org/1999/xhtml"),r){for(l=0;l<r.length;l++)if((m=r[l])&&(S?m.localName==S:m.nodeType==3)){e=m,r[l]=null;break}}if(!e){if(w=h.ownerDocument||document,!S)return w.createTextNode(C);e=w.createElementNS(s,S,C.is?C:h),i&&(P.__m&&P.__m(t,r),i=!1),r=null}if(S){if(h=S=="template"&&e.content||e,r=S=="textarea"&&C.defaultValue!=null?null:r&&Ft.call(h.childNodes),!i&&r)for(k={},l=0;l<e.attributes.length;l++)k[(m=e.attributes[l]).name]=m.value;for(l in k)m=k[l],l=="dangerouslySetInnerHTML"?_=m:l=="children"||l in C||l=="value"&&"defaultValue"in C||l=="checked"&&"defaultChecked"in C||it(e,l,null,m,s);for(l in C)m=C[l],l=="children"?u=m:l=="dangerouslySetInnerHTML"?g=m:l=="value"?b=m:l=="checked"?$=m:i&&typeof m!="function"||k[l]===m||it(e,l,m,k[l],s);g?(i||_&&(g.__html==_.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(_&&(e.textContent=""),(S=="foreignObject"||s=="http://www.w3.org/1998/Math/MathML"&&br.test(S))&&(s="http://www.w3.org/1999/xhtml"),Go(h,Ht(u)?u:[u],t,o,n,s,r,a,r?r[0]:o.__k&&fe(o,0),i,d),r&&r.some(be)),i&&S!="textarea"||(l="value",S=="progress"&&b==null?e.removeAttribute(l):b==null||b===e[l]&&(S!="progress"||b)||it(e,l,b,k[l],s),l="checked",$!=null&&$!=e[l]&&it(e,l,$,k[l],s))}else k===C||i&&e.data==C||(e.data=C);return e}function Xt(e,t,o,n){try{typeof e=="function"?t?t.__x=e(t)||1:n&&(n=n.__c||n.__e)&&(t=n.__x)&&(n.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(s){P.__e(s,o)}}function Yt(e,t,o){var n,s,r,a;if(P.unmount&&P.unmount(e),!(n=e.ref)||n.current&&n.current!=e.__e||Xt(n,null,t,e),n=e.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(i){P.__e(i,t)}n.__P=n.__n=null}if(n=e.__k)for(a=0;a<n.length;a++)n[a]&&Yt(n[a],t,typeof e.type!="function"||o&&!e.props.__P);!o&&(n=e.__c)&&(n=n.__z)&&(s=ct(n,r=[]))&&(n==e.__e&&r.some(be),be(s),be(n)),o||be(e.__e),e.__e=e.__c=e.__=null}function Mr(e,t,o){return this.constructor(e,o)}function Vt(e,t){var o,n,s,r;P.__&&P.__(e,t),t.nodeType==9&&(t=t.documentElement),n=(o=e&&32&e.__u)?null:t.__k,t.__k=He(dt,{children:[e]}),s=[],r=[],Kt(t,t.__k,n||pt,pt,t.namespaceURI,n?null:t.firstChild?Ft.call(t.childNodes):null,s,n?n.__e:t.firstChild,o,r),Qo(s,t.__k,r),t.__k.props.children=null}P={__e:function(e,t,o,n){for(var s,r,a;t=t.__;)if((s=t.__c)&&!(1&s.__g)){s.__g|=4;try{if((a=(r=s.constructor)&&r.getDerivedStateFromError)&&s.setState(r.getDerivedStateFromError(e)),s.componentDidCatch&&(s.componentDidCatch(e,n||{}),a=1),a&&8&s.__g)return void(s.__g|=2)}catch(i){e=i}}throw ut=0,e}},Ho=0,gr=function(e){return e!=null&&e.constructor===Fe},Me.prototype.setState=function(e,t){var o=this.__s;o&&o!=this.state||(o=this.__s=ke({},this.state)),typeof e=="function"&&(e=e(ke({},o),this.props)),e&&(ke(o,e),this.__v&&(t&&this.__k.push(t),qo(this)))},Me.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),qo(this))},Me.prototype.render=dt,pe=[],ut=0,Fo=function(e,t){return e.__v.__b-t.__v.__b},lt=Symbol(),Ko=/(PointerCapture)$|Capture$/i,Wt=0,qt={},$r=0;var Ce,B,Gt,en,Zt=Object.is,ht=0,un=[],Jt=[],L=P,tn=L.__b,on=L.__r,nn=L.diffed,rn=L.__c,sn=L.unmount,an=L.__;function mt(e,t){L.__h&&L.__h(B,e,ht||t),ht=0;var o=B.__H||(B.__H={__:[],__h:[]});return e>=o.__.length&&o.__.push({}),o.__[e]}function I(e){return ht=1,Se(pn,e)}function Se(e,t,o){var n=mt(Ce++,2);if(n.t=e,!n.__c&&(n.__=[o?o(t):pn(void 0,t),function(r){var a=(n.__N||n.__)[0],i=n.t(a,r);Zt(a,i)||(n.__N=[i,n.__[1]],n.__c.setState({}))}],n.__c=B,!B.__f)){B.__f=!0;var s=B.shouldComponentUpdate;B.shouldComponentUpdate=function(r,a,i){var d=this.__H;if(!d)return!0;var h=!1,l=this.props!=r;if(d.__.some(function(_){_.__N&&(h=!0,Zt(_.__[0],_.__N[0])||(l=!0))}),s){var g=s.call(this,r,a,i);return h?g||l:g}return!h||l}}return n.__}function R(e,t){var o=mt(Ce++,3);!L.__s&&eo(o.__H,t)&&(o.__P=!0,o.__=e,o.u=t,B.__H.__h.push(o))}function ee(e,t){var o=mt(Ce++,4);!L.__s&&eo(o.__H,t)&&(o.__P=!1,o.__=e,o.u=t,B.__h.push(o))}function D(e){return ht=5,_t(function(){return{current:e}},[])}function _t(e,t){var o=mt(Ce++,7);return eo(o.__H,t)&&(o.__=e(),o.__H=t),o.__}function Cr(){var e;do{for(;e=Jt.shift();)try{Ke(e)}catch(o){L.__e(o,{__:(e=e.__P)&&e.__v})}for(;e=un.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ke),t.__h.some(Qt),t.__h=[]}catch(o){t.__h=[],L.__e(o,e.__v)}}}while(Jt.length)}L.__b=function(e){B=null,tn&&tn(e)},L.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),an&&an(e,t)},L.__r=function(e){on&&on(e),Ce=0;var t=(B=e.__c).__H;t&&(Gt==B?B.__h=[]:(t.__h.some(Ke),t.__h.some(Qt),Ce=0),t.__h=[],t.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),Gt=B},L.diffed=function(e){nn&&nn(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&cn(un.push(t)),t.__H.__.some(function(o){o.u&&(o.__H=o.u)})),Gt=B=null},L.__c=function(e,t){t.some(function(o){try{o.__h.some(Ke),o.__h=o.__h.filter(function(n){return!n.__||Qt(n)})}catch(n){o.__h=[function(){throw n}]}}),rn&&rn(e,t)},L.unmount=function(e){sn&&sn(e);var t,o,n=e.__c;n&&n.__H&&(n.__H.__.some(function(s){try{if(s.__P&&s.__c){if(o===void 0){for(o=e.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}s.__P=o,cn(Jt.push(s))}else Ke(s)}catch(r){t=r}}),n.__H=void 0,t&&L.__e(t,n.__v))};var ln=typeof requestAnimationFrame=="function";function Sr(e){var t,o=function(){clearTimeout(n),ln&&cancelAnimationFrame(t),setTimeout(e)},n=setTimeout(o,35);ln&&(t=requestAnimationFrame(o))}function cn(e){e!=1&&en==L.requestAnimationFrame||((en=L.requestAnimationFrame)||Sr)(Cr)}function Ke(e){var t=B,o=e.__c;typeof o=="function"&&(e.__c=void 0,o()),B=t}function Qt(e){var t=B;e.__c=e.__(),B=t}function eo(e,t){return!e||e.length!=t.length||t.some(function(o,n){return!Zt(o,e[n])})}function pn(e,t){return typeof t=="function"?t(e):t}var p=Io.bind(Xo);function fn(e){return class extends Me{shouldComponentUpdate(t){let o=this.props;for(let n in t)if(t[n]!==o[n])return!0;return!1}render(t){return e(t)}}}var X=(e,t=!1)=>o=>p`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${o}
    >
      <path d=${e} />
    </svg>`,Ee=X("M3 8.5 6.5 12 13 4.5"),te=X("M4 4l8 8M12 4l-8 8"),gt=X("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),dn=X("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),hn=X("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),$t=X("M10 3 5 8l5 5"),bt=X("M6 3l5 5-5 5"),mn=X("M3 10l5-5 5 5"),kt=X("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),_n=X("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),gn=X("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),$n=X("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),bn=X("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),kn=X("M2 4h12M4.5 8h7M6.5 12h3");var se=8,Er=34,yn=320,Xe={columns:1,visible:1,row:100},wn=()=>Xe.columns,vn=()=>Math.max(Xe.columns,Xe.columns*Xe.visible);function Pr(e,t){let o=Math.min(t,Math.max(100,(e-se)/2)),n=Math.max(1,Math.floor((e+se)/(o+se))),s=(e-se*(n-1))/n;return{columns:n,cell:s,row:Math.round(s*.6+Er)+se}}function xn(){let e=D(null),t=D({top:0,height:600,width:800}),[,o]=Se(M=>M+1,0),{rows:n,where:s,proposed:r}=N(),{columns:a,cell:i,row:d}=Pr(t.current.width,c.size),h=Math.ceil(n.length/a),l=Math.ceil(t.current.height/d)+1;Object.assign(Xe,{columns:a,visible:Math.max(1,l-2),row:d});let g=Math.max(0,Math.min(3,Math.floor((yn/a-l)/2))),_=Math.max(0,Math.min(h-1,Math.floor(t.current.top/d))-g),u=Math.min(h,_+Math.min(l+2*g,Math.floor(yn/a))),m=s.get(c.current)??-1;ee(()=>{let M=e.current,z=()=>{let H=getComputedStyle(M),x=M.clientWidth-parseFloat(H.paddingLeft)-parseFloat(H.paddingRight);(x!==t.current.width||M.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:x,height:M.clientHeight}),o())},U=new ResizeObserver(z);return U.observe(M),z(),()=>U.disconnect()},[]);let b=D({current:-1,at:-1,key:""});ee(()=>{let M=e.current,{current:z,at:U,key:H}=b.current,x=`${a} ${d}`;if(b.current={current:c.current,at:m,key:x},m<0)return;let T=Math.floor(m/a)*d,G=Math.floor(U/a)*d,Y=M.clientHeight;z===c.current&&H===x&&U>=0&&G!==T?G>=M.scrollTop-d&&G<=M.scrollTop+Y&&(M.scrollTop+=T-G):(z!==c.current||H!==x)&&(T<M.scrollTop?M.scrollTop=T:T+d>M.scrollTop+Y-se&&(M.scrollTop=T+d-Y+se*2))}),R(()=>e.current.focus({preventScroll:!0}),[]);let $=()=>{let M=e.current.scrollTop,z=Math.floor(M/d)!==Math.floor(t.current.top/d);t.current.top=M,z&&o()},{low:w,high:k}=tt(),C=[],S=M=>{let z=n[M],U=f.burstOf(z).length;C.push(p`<${Tr}
        key=${f.id[z]}
        row=${z}
        place=${M}
        n=${a}
        cell=${i}
        height=${d}
        total=${n.length}
        low=${w}
        high=${k}
        proposed=${r.has(z)}
        current=${M===m}
        mark=${v.of(f.id[z])}
        isKept=${v.isKept(f.id[z])}
        isChosen=${c.chosen.has(f.id[z])}
        burst=${U}
        isOpen=${U>1&&c.fold&&c.open.has(f.burst[z])}
      />`)};for(let M=_*a;M<Math.min(n.length,u*a);M++)S(M);return m>=0&&(m<_*a||m>=u*a)&&S(m),p`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${m>=0?`photo-${f.id[c.current]}`:void 0}
    onScroll=${$}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,h*d)}px`}}>${C}</div>
    ${n.length===0&&p`<${Or} />`}
  </div>`}function Or(){return f.n?p`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>y({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:p`<p class="empty">
      ${c.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}var Tr=fn(({row:e,place:t,n:o,cell:n,height:s,total:r,low:a,high:i,proposed:d,current:h,mark:l,isKept:g,isChosen:_,burst:u,isOpen:m})=>{let b=f.id[e],$=F(f,e),w=f.score[e],k=f.familiarity[e]!==null&&f.familiarity[e]<.05,C=w===null?0:i>a?(w-a)/(i-a):1,S=["cell",l.mark,h&&"current",d&&"proposed",$&&"broken",m&&"open"],M=`translate(${t%o*(n+se)}px, ${Math.floor(t/o)*s}px)`,z=[f.name[e],At(e),d&&"proposed",!g&&"not kept yet",_&&"to compare"];return p`<div
      class=${S.filter(Boolean).join(" ")}
      id=${`photo-${b}`}
      role="option"
      aria-setsize=${r}
      aria-posinset=${t+1}
      aria-selected=${h?"true":"false"}
      data-id=${b}
      data-score=${w}
      style=${{transform:M,width:`${n}px`,height:`${s-se}px`}}
      onClick=${U=>U.ctrlKey||U.metaKey?Ut(e):K(e)}
      onDblClick=${()=>y({large:!0,zoomed:!1})}
    >
      <span class="hidden">${z.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${$?p`<span class="blank">${f.error[e]||"not scored"}</span>`:p`<img
                src=${_e(b)}
                alt=""
                decoding="async"
                draggable=${!1}
                onError=${U=>U.target.classList.add("missing")}
              />`}
        <span class="tags">
          ${l.mark==="pick"&&p`<span class="tag good"><${Ee} />pick</span>`}
          ${l.mark==="reject"&&p`<span class="tag bad"><${te} />reject</span>`}
          ${d&&l.mark!=="pick"&&p`<span class="tag">proposed</span>`}
          ${!g&&p`<span class="tag warn">not kept yet</span>`}
          ${_&&p`<span class="tag">compare</span>`}
        </span>
        <span class="tags right">
          ${u>1&&p`<span class="tag" title=${`a burst of ${u}`}><${dn} />${u}</span>`}
          ${k&&p`<span class="tag" title="unlike all anchors"><${hn} />unlike</span>`}
        </span>
        ${l.stars>0&&p`<span class="tags bottom">
            <span class="tag stars">${Array.from({length:l.stars},()=>p`<${gt} />`)}</span>
          </span>`}
      </div>
      <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${C})`}}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${f.file(e)}</span><b>${$?"–":E(w)}</b>
      </div>
    </div>`});var Pe=e=>(t,o)=>["cull","compare"].includes(c.view.name)||f.rows.get(c.view.id)===c.current?e(t,o):!1,V=e=>(t,o)=>c.view.name==="cull"?e(t,o):!1;function de(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var Mn=e=>()=>{let{rows:t}=N();t.length&&K(t[e?t.length-1:0])};function zr(){return c.zoomed?y({zoomed:!1}):c.large?y({large:!1}):c.details||c.filters?y({details:!1,filters:!1}):c.view.name!=="cull"?de("cull"):!1}var yt=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:Pe(e=>ce(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:V(e=>ce(c.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*wn()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:V(e=>ce((e==="PageUp"?-1:1)*vn()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:V(Mn(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:V(Mn(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:Pe((e,t)=>ue("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:Pe((e,t)=>ue("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:Pe(e=>Re(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:Pe(()=>Re(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:Pe(()=>v.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:V(()=>J("advance",!c.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:V(()=>y({large:!c.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:V(()=>y({large:!0,zoomed:!(c.large&&c.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:V(Eo)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:V(e=>J("size",Math.max(110,Math.min(420,Math.round(c.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:V(()=>c.current>=0&&de("one",f.id[c.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:V(()=>{y({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:V(()=>Q({show:{all:"pick",pick:"reject",reject:"none"}[c.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:V(()=>Q({order:{best:"worst",worst:"name",name:"time"}[c.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>y({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>y({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:zr},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1},...Rt],to=new Map;for(let e of[...Rt,...yt])for(let t of e.keys)to.set(t,[...to.get(t)??[],e]);var jr="button, a[href], summary, input, select, textarea";function Cn(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(jr)}function Sn(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||c.view.name!=="cull"||Cn(e.target,"z"))return;e.preventDefault(),v.undo();return}if(c.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,o=to.get(t);!o||Cn(e.target,t)||!c.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||o.some(n=>n.run(t,e.shiftKey)!==!1)&&e.preventDefault()}var Ar=200,Oe=new Map;function oo(e){Oe.set(e.id,e),Oe.size>Ar&&Oe.delete(Oe.keys().next().value)}function wt(e,t=120){let[,o]=I(null);return R(()=>{if(e==null||Oe.has(e))return;let n=new AbortController,s=setTimeout(()=>{ne(`/api/explain/${e}`,n.signal).then(r=>{oo({...r,id:e}),o(r)},ge)},t);return()=>{clearTimeout(s),n.abort()}},[e,c.gone]),Oe.get(e)??null}function vt({value:e,low:t,high:o}){if(e==null)return null;let[n,s]=c.server?.index?.range??[t,o],r=i=>`${Math.max(0,Math.min(100,100*(i-n)/(s-n||1)))}%`,a=t!=null;return p`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${ie(e)}</b>
        ${a&&p`<span class="dim">${ie(t)} to ${ie(o)}, of ${ie(n)} to ${ie(s)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&p`<i class="span" style=${{left:r(t),right:`calc(100% - ${r(o)})`}}></i>`}<i
        class="dot"
        style=${{left:r(e)}}
      ></i>
    </div>
  </div>`}function xt({value:e}){return e==null?null:p`<div>
    <p class="line"><span>familiarity</span><b>${E(e)}</b></p>
    <p class="dim sentence">${vo(e)}</p>
  </div>`}function Te({side:e,list:t,most:o,title:n,pictures:s=!0}){if(!t?.length)return null;let r=[...t].sort((l,g)=>g.weight-l.weight).slice(0,o),a=Math.max(...r.map(l=>l.weight),1e-12),i=l=>!!(l.picture??s),d=!r.some(i),h=`h-${e}`;return p`<section class=${`anchors ${e} ${d?"named":""}`} aria-labelledby=${h}>
    <h2 id=${h}>${n}</h2>
    <ul>
      ${r.map(l=>p`<li key=${l.anchor} title=${Nr(l)}>
            ${d?p`<p class="file">${l.name}</p>`:p`<div class="tile">
                    ${i(l)?p`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:p`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${En(l.rating)}</b><span class="dim"> · ${Lr(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var Nr=e=>`${e.name}
rating ${En(e.rating)}, weight ${q(e.weight)}, cosine ${q(e.cosine)}`,En=e=>e==null?"–":String(Math.round(e*100)/100),Lr=e=>String(Number(e.toPrecision(2)));function Ye({id:e,side:t=1600,wait:o=90,alt:n,label:s}){let r=D(null);return R(()=>{let a=()=>{let h=Je(e,t);h.alt=n;let l=()=>r.current?.dataset.id===String(e)&&r.current.replaceChildren(h);h.done?l():h.ready.then(()=>h.done&&l())};if(!r.current)return;if(r.current.dataset.id=e,yo(e,t))return void a();let i=new Image;i.src=_e(e),i.alt=n,i.className="small",r.current.replaceChildren(i);let d=setTimeout(a,o);return()=>clearTimeout(d)},[e,t]),p`<div class="photograph" ref=${r} aria-label=${s}></div>`}function no(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function ye(){let{mark:e}=v.of(f.id[c.current]),t=(o,n,s,r)=>p`<button
      type="button"
      class=${`mark ${o}`}
      aria-pressed=${e===o?"true":"false"}
      title=${`${r} (${s})`}
      onClick=${a=>no(a,ue(o))}
    >
      <${n} /><span>${r}</span>
    </button>`;return p`<div class="marks">
    ${t("pick",Ee,"P","Pick")}${t("reject",te,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${o=>no(o,v.undo())}
    >
      <${_n} />
    </button>
  </div>`}function we(){let{stars:e}=v.of(f.id[c.current]);return p`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>p`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${o=>no(o,Re(t===e?0:t))}
        >
          <${gt} />
        </button>`)}
  </div>`}function Pn(){let e=c.current,t=f.id[e],o=e>=0&&F(f,e),n=wt(e<0||o?null:t);if(e<0)return p`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:s}=N(),r=f.burstOf(e),a=o?"not scored":`${Qe(ot(e))} of ${O(f.scored)}`;return p`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${c.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>y({details:!c.details})}
      >
        <span class="file">${f.file(e)}</span
        ><span><b>${E(f.score[e])}</b> <span class="dim">${a}</span></span
        ><${mn} class="icon turn" />
      </button>
    </div>
    <div class="whole" id="details">
      <button
        type="button"
        class="preview"
        aria-label="Show large"
        title="Large (Space)"
        onClick=${()=>y({large:!0,zoomed:!1})}
      >
        ${o?p`<span class="blank">no picture</span>`:!c.large&&p`<${Ye} id=${t} alt=${f.name[e]} />`}
      </button>
      <p class="file" title=${f.name[e]}>${f.name[e]}</p>
      ${f.taken[e]!==null&&p`<p class="dim">${xo(f.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${q(f.score[e])}`}>
        <b>${E(f.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${ye} /><${we} /></div>
    <div class="whole">
      ${o&&p`<p class="warn">Not scored: ${f.error[e]}</p>`}
      <${vt} value=${f.opinion[e]} low=${f.low[e]} high=${f.high[e]} />
      <${xt} value=${f.familiarity[e]} />
      <${Te}
        side="good"
        list=${n?.good}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${Te}
        side="bad"
        list=${n?.bad}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${r.length>1&&p`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${r.slice(0,12).map(i=>p`<li key=${i}>
                  <button
                    type="button"
                    aria-label=${`${f.file(i)}, score ${E(f.score[i])}`}
                    aria-current=${i===e?"true":void 0}
                    onClick=${()=>Dr(i,s)}
                  >
                    <img src=${_e(f.id[i])} alt="" /><span>${E(f.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${r.length>12&&p`<p class="dim">and ${O(r.length-12)} more</p>`}
        </section>`}
      ${!o&&p`<button type="button" class="wide" onClick=${()=>de("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function Dr(e,t){t.has(e)||y({open:new Set(c.open).add(f.burst[e])}),K(e)}var Ur=.0018;function On(){let e=Ie(),t=D(null);return R(()=>{e.length&&!e.includes(c.current)&&y({current:e[0],moved:!0})}),ee(qe),R(()=>{let o=new ResizeObserver(qe);return o.observe(t.current),t.current.focus({preventScroll:!0}),()=>o.disconnect()},[]),p`<main class="compare" id="content" tabindex="-1" aria-label="Compare" ref=${t}>
    ${e.length<2?p`<p class="empty">
            ${f.n||c.server?.done?p`Choose two to four photographs in Cull (<kbd>S</kbd>), then press <kbd>C</kbd>. Without a choice,
                    <kbd>C</kbd> compares a burst, or a photograph and the next.`:"The first photographs are being scored…"}
          </p>`:p`<div class=${`panes n${e.length}`}>
              ${e.map(o=>p`<${Br} key=${f.id[o]} row=${o} />`)}
            </div>
            <${Rr} n=${e.length} />`}
  </main>`}function Br({row:e}){let t=f.id[e],o=D(null),n=e===c.current,{mark:s,stars:r}=v.of(t),a=h=>{h.preventDefault();let l=h.currentTarget.getBoundingClientRect(),g=h.clientX-l.left-l.width/2,_=h.clientY-l.top-l.height/2,u=h.deltaMode===1?30:1;We(Math.exp(-h.deltaY*u*Ur),h.currentTarget.firstElementChild,g,_)},i=h=>{let l=h.currentTarget;if(h.type==="pointerdown"){if(h.button!==0)return;l.setPointerCapture(h.pointerId),o.current={x:h.clientX,y:h.clientY},n||K(e)}else h.type==="pointermove"&&o.current?(Lt(l.firstElementChild,h.clientX-o.current.x,h.clientY-o.current.y),o.current={x:h.clientX,y:h.clientY}):h.type!=="pointermove"&&(o.current=null)},d=h=>h.target.classList.add("missing");return p`<section
    class=${`pane ${s}`}
    aria-label=${f.name[e]}
    aria-current=${n?"true":void 0}
    data-id=${t}
  >
    <div
      class="under"
      onWheel=${a}
      onPointerDown=${i}
      onPointerMove=${i}
      onPointerUp=${i}
      onPointerCancel=${i}
      onDblClick=${st}
    >
      ${F(f,e)?p`<p class="blank">Not scored: ${f.error[e]}</p>`:p`<div class="lens">
              <img src=${_e(t)} alt=${f.name[e]} draggable=${!1} onLoad=${qe} onError=${d} />
              <img src=${De(t)} alt="" decoding="async" draggable=${!1} onError=${d} />
              ${A.zoom>1&&p`<img src=${De(t,3200)} alt="" decoding="async" draggable=${!1} onError=${d} />`}
            </div>`}
      <span class="tags">
        ${s==="pick"&&p`<span class="tag good"><${Ee} />pick</span>`}
        ${s==="reject"&&p`<span class="tag bad"><${te} />reject</span>`}
        ${r>0&&p`<span class="tag">${Ue(r)}</span>`}
        ${!v.isKept(t)&&p`<span class="tag warn">not kept yet</span>`}
      </span>
    </div>
    <div class="caption">
      <button type="button" class="link file" aria-pressed=${n?"true":"false"} onClick=${()=>K(e)}>
        ${f.file(e)}
      </button>
      <p title=${`score ${q(f.score[e])}`}>
        <b class="score">${E(f.score[e])}</b>
        <span class="dim">
          ${!F(f,e)&&p` ${Qe(ot(e))} of ${O(f.scored)}`}
          ${f.opinion[e]!==null&&p` · opinion ${ie(f.opinion[e])}`}
          ${f.familiarity[e]!==null&&p` · familiarity ${E(f.familiarity[e])}`}
        </span>
      </p>
    </div>
  </section>`}function Rr({n:e}){let t=(o,n,s,r,a=!1)=>p`<button
      type="button"
      class="round"
      aria-label=${o}
      title=${`${o} (${n})`}
      disabled=${a}
      onClick=${s}
    >
      ${r}
    </button>`;return p`<div class="rail" role="toolbar" aria-label="The one with the frame">
    ${t("The candidate before","↑",()=>at(-1),p`<${$t} />`)}
    ${t("The next candidate","↓",()=>at(1),p`<${bt} />`)}
    <${ye} /><${we} />
    ${t("Every pixel, or whole","Z",st,p`<${kt} />`)}
    ${t("Closer","+",()=>We(1.3),"+")} ${t("Farther","-",()=>We(1/1.3),"−")}
    ${t("Leave this one out","Del",Bt,p`<${te} />`,e<=2)}
  </div>`}function Tn(){let e=D(null),t=D(null),o=c.current,n=f.id[o],{rows:s,where:r}=N(),a=r.get(o)??0;ee(()=>{let l=e.current;return l.showModal(),l.focus(),()=>{l.close(),document.getElementById("grid")?.focus({preventScroll:!0})}},[]),R(()=>{for(let l of[a+1,a-1,a+2]){let g=s[l];g!==void 0&&!F(f,g)&&Je(f.id[g])}},[n]),ee(()=>{let l=t.current;c.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[c.zoomed,n]);let i=D(null),d=l=>{let g=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+g.scrollLeft,y:l.clientY+g.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&c.zoomed){let _=i.current.x-l.clientX,u=i.current.y-l.clientY;Math.abs(_-g.scrollLeft)+Math.abs(u-g.scrollTop)>3&&(i.current.moved=!0),g.scrollTo(_,u)}else if(l.type==="pointerup"){let _=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!c.zoomed&&l.pointerType==="touch"&&Math.abs(_)>40?ce(_<0?1:-1):i.current&&!i.current.moved&&y({zoomed:!c.zoomed}),i.current=null}},h=v.isKept(n);return p`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${f.name[o]}, large`}
    onCancel=${l=>{l.preventDefault(),y(c.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${c.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${d}
      onPointerMove=${d}
      onPointerUp=${d}
      onPointerLeave=${()=>i.current=null}
    >
      ${F(f,o)?p`<p class="blank">Not scored: ${f.error[o]}</p>`:p`<${Ye}
              key=${c.zoomed}
              id=${n}
              side=${c.zoomed?3200:1600}
              wait=${0}
              alt=${f.name[o]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${a===0}
        onClick=${()=>ce(-1)}
      >
        <${$t} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=s.length-1}
        onClick=${()=>ce(1)}
      >
        <${bt} />
      </button>
      <p class="about">
        <b>${E(f.score[o])}</b> <span class="file">${f.file(o)}</span>
        <span class="dim">${O(a+1)} of ${O(s.length)}</span
        >${!h&&p` <span class="tag warn">not kept yet</span>`}
      </p>
      <${ye} /><${we} />
      <button
        type="button"
        class="round"
        aria-pressed=${c.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>y({zoomed:!c.zoomed})}
      >
        <${kt} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>y({large:!1})}
      >
        <${te} />
      </button>
    </div>
  </dialog>`}function ze({text:e,label:t,id:o}){let[n,s]=I(!1);return e?p`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${o}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${n?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),s(!0),j("Copied."),setTimeout(()=>s(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(o)),j("Selected: copy it with the keys of your system.")}}}
      >
        <${bn} />
      </button>
    </div>
  </div>`:null}function zn(){let e=Be();return p`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${c.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>y({filters:!c.filters})}
    >
      <${kn} />Filter, order, keep
      <span class="pill"
        >${Po()?`${O(N().rows.length)} shown`:`${W(e.pick,"pick")}, ${W(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${Ir} /><${qr} /><${Wr} /><${Hr} />
      <${ze} text=${c.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function Ir(){let e=D(null),t=D(null),{low:o,high:n,counts:s}=tt(),r=Math.max(1,...s),a=(n-o)/le,i=c.low??o,d=c.high??n,h=m=>m<=0||m>=le?null:o+m*a,l=m=>{let{left:b,width:$}=e.current.getBoundingClientRect();return Math.max(0,Math.min(le-1,Math.floor((m.clientX-b)/$*le)))},g=m=>{if(m.type==="pointerdown"&&(m.currentTarget.setPointerCapture(m.pointerId),t.current=l(m)),t.current===null)return;let[b,$]=[t.current,l(m)].sort((w,k)=>w-k);y({low:h(b),high:h($+1)}),m.type==="pointerup"&&(t.current=null,Q({}))},_=(m,b)=>{let $=Number(b);m==="low"?Q({low:$<=0?null:Math.min(o+$*a,d)}):Q({high:$>=le?null:Math.max(o+$*a,i)})},u=(m,b,$)=>p`<input
      type="range"
      class=${m}
      min="0"
      max=${le}
      step="0.25"
      value=${(b-o)/(a||1)}
      aria-label=${$}
      aria-valuetext=${E(b)}
      onInput=${w=>_(m,w.target.value)}
    />`;return p`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${e}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${g}
      onPointerMove=${m=>t.current!==null&&g(m)}
      onPointerUp=${g}
      onPointerCancel=${()=>t.current=null}
    >
      ${Array.from(s,(m,b)=>p`<i
            key=${b}
            class=${o+(b+.5)*a>=i&&o+(b+.5)*a<=d?"in":""}
            style=${{height:m?`${Math.max(4,100*m/r)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${u("low",i,"Lowest score shown")}${u("high",d,"Highest score shown")}
    </div>
    <p class="line">
      <span>${E(i)}</span>
      ${c.low!==null||c.high!==null?p`<button type="button" class="link" onClick=${()=>Q({low:null,high:null})}>
              all scores
            </button>`:p`<span class="dim">to</span>`}
      <span>${E(d)}</span>
    </p>
  </section>`}function qr(){let e=Math.max(1,f.scored),t=n=>y({keep:Math.max(0,Math.min(e,Math.round(Number(n)||0)))}),o=N().proposed.size;return p`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${c.keep}
        onInput=${n=>t(n.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(c.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${c.keep}`}
      onInput=${n=>t((n.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${c.single} onChange=${n=>J("single",n.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!o} onClick=${So}>
      ${o?`Pick the best ${O(o)}`:"Pick the best"}
    </button>
  </section>`}function Wr(){let e=Be();return p`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(Ze).map(([t,o])=>(e[t]>0||["all","pick","reject","none",c.show].includes(t))&&p`<label key=${t} class=${c.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${c.show===t}
              onChange=${()=>Q({show:t})}
            />
            <span>${o}</span><span class="dim" id=${`n-${t}`}>${O(e[t])}</span></label
          >`)}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${!1}
        value=${c.query}
        onInput=${t=>Q({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${W(N().rows.length,"photograph")} shown</p>
  </section>`}function Hr(){return p`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${c.order}
      onChange=${e=>Q({order:e.target.value})}
    >
      ${Object.entries(Ge).map(([e,t])=>p`<option key=${e} value=${e} selected=${c.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${c.fold}
        onChange=${e=>J("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${c.advance} onChange=${e=>J("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${c.size}
        onInput=${e=>J("size",Number(e.target.value))}
    /></label>
  </section>`}function jn(){return p`<div class=${`cull ${c.filters?"with-filters":""} ${c.details?"with-details":""}`}>
    <${zn} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${xn} /></main>
    <${Pn} />
    ${c.large&&p`<${Tn} />`}
  </div>`}function Nn({title:e,children:t}){let o=D(null);ee(()=>{let s=document.activeElement;return o.current.showModal(),()=>(s?.isConnected?s:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let n=()=>y({dialog:""});return p`<dialog
    class="box"
    ref=${o}
    aria-labelledby="h-dialog"
    onClose=${n}
    onClick=${s=>s.target===o.current&&n()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${n}>
          <${te} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function Ln(){let e=[...new Set(yt.map(t=>t.group))];return p`<${Nn} title="All keys">
    <div class="keys">
      ${e.map(t=>p`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${yt.filter(o=>o.group===t).map(o=>p`<div key=${o.text}>
                    <dt>${o.label.map(n=>n==="…"?"–":p`<kbd>${n}</kbd> `)}</dt>
                    <dd>${o.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${c.letters}
        onChange=${t=>J("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var Fr={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},An={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function Dn(){let[e,t]=I({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[o,n]=I(null),[s,r]=I(!1),a=u=>{t({...e,...u}),n(null)},i=Be(),d={picks:i.pick,rejects:i.reject,all:i.all},h={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=u=>`${An[u]}${d[u]===void 0?"":` (${O(d[u])})`}`,g=e.what==="links"||e.what==="copies";return p`<${Nn} title="Export">
    <form onSubmit=${async u=>{u.preventDefault(),r(!0);try{let m={what:e.what,only:e.only};e.what==="xmp"&&(m.xmp_name=e.xmp_name),g&&(m.folder=e.folder);let b=await je("/api/export",m);n(b),j(`Wrote ${b.written} to ${b.where}.`)}catch(m){n({error:m.message})}r(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(Fr).map(([u,[m,b]])=>p`<label key=${u} class="check">
              <input
                type="radio"
                name="what"
                value=${u}
                checked=${e.what===u}
                onChange=${()=>a({what:u})}
              /><span><b>${m}</b> <span class="dim">${b}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${u=>a({only:u.target.value})}>
          ${Object.keys(An).map(u=>p`<option key=${u} value=${u} selected=${e.only===u}>${l(u)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&p`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${u=>a({xmp_name:u.target.value})}>
            <option value="photo.xmp" selected=${e.xmp_name==="photo.xmp"}>
              photo.xmp (Lightroom, Capture One)
            </option>
            <option value="photo.jpg.xmp" selected=${e.xmp_name==="photo.jpg.xmp"}>
              photo.jpg.xmp (darktable, digiKam)
            </option>
          </select></label
        >`}
      ${g&&p`<label class="field"
          ><span>Name of the new folder</span>
          <input type="text" required value=${e.folder} onInput=${u=>a({folder:u.target.value})}
        /></label>`}
      <p class="line end">
        ${e.what==="csv"&&p`<a class="button" href=${`/api/export.csv?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${s||v.queue.length>0}>
          ${s?"Writing…":"Write"}
        </button>
      </p>
      ${v.queue.length>0&&p`<p class="warn">${W(v.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${o&&p`<div class="answer" role="status">
        ${o.error?p`<p class="warn">${o.error}</p>`:p`<p>${`Wrote ${W(o.written,h)} to `}<span class="path">${o.where}</span></p>
                ${o.skipped?.length>0&&p`<p>Left as they are: ${O(o.skipped.length)}</p>
                    <ul class="skipped">
                      ${o.skipped.slice(0,50).map(u=>p`<li key=${u}>${u}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var ro=(e,t,o)=>1/(1+Math.exp((t-e)/o));function Kr(e,t,o,n){let s=1-n,r=Math.sqrt(n*n+s*s+2*n*s*o);return r>0?(n*e+s*t)/r:0}var so=e=>e.top_k.k.length+(e.whole?1:0),ao=(e,t)=>t>=e.top_k.k.length;function io(e,t,o=1){let n=ao(e,t),s=r=>{let a=n?e.whole[r]:e.top_k[r][t],i=n?e.whole[`${r}_to_mean`]:e.top_k[`${r}_to_mean`][t];return o>=1?a:Kr(a,e.mean[r],i,o)};return ro(s("good"),s("bad"),e.temperature)}function Bn(e){let[t,o=""]=e.method.split(/:(.*)/s),n=Object.fromEntries(o.split(",").map(i=>i.split("="))),s={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",r=e.top_k.k,a=t==="retrieval"&&!n.top_k&&e.whole;return{kind:n.mode==="joint"?"":s,k:a?r.length:Un(r,Number(n.top_k??Math.min(16,r.length))),offset:e.offset?Un(e.offset.offset,Number(n.offset??.2)):0,blend:Number(n.blend??1)}}var lo=(e,t)=>ro(e.offset.good[t],e.offset.bad[t],e.temperature),co=e=>ro(e.mean.good,e.mean.bad,e.temperature);function Un(e,t){let o=0;for(let n=1;n<e.length;n++)Math.abs(e[n]-t)<Math.abs(e[o]-t)&&(o=n);return o}var oe=1e3,Rn=(e,t)=>Math.round(Math.exp(e/oe*Math.log(t))-1),uo=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*oe:0;function po(e,t,o,n,s,r){let a=[],i=-10;for(let d=0;d<e;d++){let h=t(d);if(h-i<oe/300&&d<e-1)continue;i=h;let l=r-(o(d)-n)/(s-n||1)*r;a.push(`${a.length?"L":"M"}${h.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var he=300;function qn({why:e}){return e.curves?p`<${Xr} why=${e} />`:p`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function Xr({why:e}){let{curves:t,commands:o}=e,[n]=I(()=>Bn(t)),[s,r]=I(n.kind||"top_k"),[a,i]=I(n.k),[d,h]=I(n.offset),[l,g]=I(n.blend),_=so(t),u=x=>{r("top_k"),i(x)},m=x=>u(T=>Math.max(0,Math.min(_-1,T+x)));R(()=>{let x=T=>{T.key!=="["&&T.key!=="]"||T.target.matches("input:not([type=range], [type=radio]), textarea")||m(T.key==="]"?1:-1)};return addEventListener("keydown",x),()=>removeEventListener("keydown",x)},[t]);let b=_t(()=>Yr(t,l),[t,l]),$={mean:co(t),top_k:io(t,a,l),offset:t.offset&&lo(t,d)},w=ao(t,a),k=w?"all":t.top_k.k[a],C=t.offset?.offset[d],S={mean:"mean of all",top_k:w?"all by likeness":`the ${O(k)} nearest a side`,offset:`offset ${E(C??0)}`},M=x=>x?.replace("{k}",k).replace("{offset}",String(C)).replace("{blend}",String(l)),z=`${w?"whole":"top_k"}${l<1?"_blend":""}`,U={mean:o.mean,offset:M(o.offset),top_k:M(o[z])}[s],H={mean:n.kind==="mean",offset:n.kind==="offset"&&d===n.offset,top_k:n.kind==="top_k"&&a===n.k&&l===n.blend};return p`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${q($[s])}</b>
        <span class="dim">${S[s]}${s==="top_k"&&l<1?`, blend ${E(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(S).filter(x=>$[x]!==null&&$[x]!==void 0).map(x=>p`<label key=${x} class=${s===x?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${s===x} onChange=${()=>r(x)} />
              <span>${S[x]}${H[x]?" (in force)":""}</span><b>${q($[x])}</b></label
            >`)}
    </fieldset>
    <${In}
      title="Anchors a side (k)"
      kind="top_k"
      d=${b.top_k}
      drawn=${b}
      at=${uo(a,_)}
      score=${$.top_k}
      ends=${[1,t.whole?"all":O(_)]}
      text=${`k = ${k}, score ${q($.top_k)}`}
      onStep=${x=>u(Rn(x,_))}
      onKey=${m}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${E(l)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${l}
        aria-valuetext=${`${E(l)}, score ${q($.top_k)}`}
        onInput=${x=>{r("top_k"),g(Number(x.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&p`<${In}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${b.offset}
        drawn=${b}
        at=${d/Math.max(1,t.offset.offset.length-1)*oe}
        score=${$.offset}
        ends=${[E(t.offset.offset[0]),E(t.offset.offset.at(-1))]}
        text=${`offset = ${C}, score ${q($.offset)}`}
        onStep=${x=>{r("offset"),h(Math.round(x/oe*(t.offset.offset.length-1)))}}
        onKey=${x=>{r("offset"),h(T=>Math.max(0,Math.min(t.offset.offset.length-1,T+x)))}}
      />`}
    <${ze} text=${U} label="The command that gives this number" id="way-command" />
  </section>`}function Yr(e,t){let{offset:o}=e,n=so(e),s=o?.offset.length??0,r=[];for(let l=0;l<n;l++)r.push(io(e,l,t));for(let l=0;l<s;l++)r.push(lo(e,l));r.push(co(e));let a=Math.min(...r),i=Math.max(...r),d=(a+i)/2,h=Math.max((i-a)*.55,.05);return a=Math.max(0,d-h),i=Math.min(1,d+h),{low:a,up:i,top_k:n?po(n,l=>uo(l,n),l=>r[l],a,i,he):"",offset:s?po(s,l=>l/Math.max(1,s-1)*oe,l=>r[n+l],a,i,he):""}}function In({title:e,kind:t,d:o,drawn:n,at:s,score:r,ends:a,text:i,onStep:d,onKey:h}){let l=he-(r-n.low)/(n.up-n.low)*he,g={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},_=u=>{u.key in g&&(u.preventDefault(),h(g[u.key]))};return p`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${oe} ${he}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${oe} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${oe} y1=${he} y2=${he} />
      <path d=${o} />
      <line class="cursor" x1=${s} x2=${s} y1="0" y2=${he} />
      <line class="level" x1="0" x2=${s} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${E(n.up)}</span><span class="low dim">${E(n.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${oe}
      step="any"
      value=${s}
      aria-valuetext=${i}
      onInput=${u=>d(Number(u.target.value))}
      onKeyDown=${_}
    />
    <p class="line dim"><span>${a[0]}</span><b>${i.replace(", score"," →")}</b><span>${a[1]}</span></p>
  </div>`}var Wn=new Map,Vr="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",Gr=64*2**20;function Hn({id:e}){let[t,o]=I(""),[n,s]=I(""),[r,a]=I(!1),i=D(null),d=wt(e,0),h=f.rows.get(e),l=Wn.get(e)??(h===void 0?"":f.name[h]),g=async _=>{if(_){if(_.size>Gr)return s("The image is larger than 64 MB: save a smaller one.");s(""),o(_.name||"the image");try{let u=await mo("/api/images",_);oo(u),Wn.set(u.id,_.name||"pasted image"),de("one",u.id),j(`Score ${q(u.score)}`)}catch(u){u.gone?ge(u):s(u.message)}o("")}};return R(()=>{let _=k=>[...k?.files??[]][0],w={paste:k=>{let C=_(k.clipboardData);C&&k.preventDefault(),g(C)},drop:k=>{k.preventDefault(),a(!1),g(_(k.dataTransfer))},dragover:k=>{k.preventDefault(),a(!0)},dragleave:k=>k.relatedTarget===null&&a(!1)};for(let[k,C]of Object.entries(w))addEventListener(k,C);return()=>Object.entries(w).forEach(([k,C])=>removeEventListener(k,C))},[]),R(()=>document.getElementById("content").focus({preventScroll:!0}),[]),p`<main
    id="content"
    class=${`one ${r?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&p`<div class="preview"><${Ye} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&p`<p class="file">${l}</p>`}
      ${h!==void 0&&h===c.current&&p`<div class="doing"><${ye} /><${we} /></div>`}
      <div class="drop">
        <p>${t?`Scoring ${t}…`:"Drop or paste an image anywhere, or"}</p>
        <button type="button" disabled=${!!t} onClick=${()=>i.current.click()}>Choose a file…</button>
        <input
          type="file"
          accept="image/*,.heic,.jxl,.dng,.nef,.cr2,.cr3,.arw,.raf,.rw2,.orf"
          class="hidden"
          tabindex="-1"
          aria-label="Image file"
          ref=${i}
          onChange=${_=>{g(_.target.files[0]),_.target.value=""}}
        />
      </div>
      ${n&&p`<p class="warn" role="alert">${n}</p>`}
      ${d&&p`<div class="number">
            <p class="score"><b id="score">${q(d.score)}</b> <span class="dim">${d.curves?.method}</span></p>
          </div>
          <${vt} value=${d.opinion} low=${d.low} high=${d.high} />
          <${xt} value=${d.familiarity} />
          <${ze} text=${d.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&p`<p class="dim">${Vr}</p>`}
    </section>
    ${d?p`<section class="neighbours" aria-label="Nearest anchors">
              <${Te}
                side="good"
                list=${d.good}
                most=${12}
                pictures=${d.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${Te}
                side="bad"
                list=${d.bad}
                most=${12}
                pictures=${d.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${d.scale&&p`<p class="dim">Ratings: ${d.scale}.</p>`}
            </section>
            <${qn} key=${e} why=${d} />`:e!==null&&p`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var Fn={cull:"Cull",one:"One image",compare:"Compare"};function Kn(){let[e,t]=location.hash.slice(1).split("/"),o=t?f.rows.get(Number(t)):void 0;o!==void 0&&y({current:o,moved:!0}),y({view:Fn[e]?{name:e,id:t&&e==="one"?Number(t):null,ids:t?.split(",").map(Number)}:{name:"cull",id:null},large:!1,dialog:""})}function Zr(e){if(c.current<0||c.view.name===e)return!1;if(e==="one")de("one",f.id[c.current]);else if(e==="compare")Dt();else return!1;return!0}var Jr=()=>c.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:c.theme==="dark";function Xn(){let{theme:e}=c;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function Qr(){let{server:e,view:t}=c,o=e?.index,n=zo(),s=Jr(),r=`${W(f.n,"photograph")}${f.unlike?` · ${O(f.unlike)} unlike the anchors`:""}`;return p`<header class="top">
    <a class="skip" href="#content" onClick=${es}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${o&&p`<p class="pill" title=${o.description}>${o.name} · ${o.method} · ${W(o.n_good+o.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(Fn).map(([a,i])=>p`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${d=>Zr(a)&&d.preventDefault()}
            >${i}</a
          >`)}
    </nav>
    ${n&&p`<div class="progress">
        <progress max="1" value=${n.share} aria-label="Scoring"></progress><span>${n.text}</span>
      </div>`}
    <div class="right">
      ${!n&&e&&p`<p class="pill counts">${r}</p>`}
      <button type="button" onClick=${()=>y({dialog:"export"})}>Export…</button>
      <button
        type="button"
        class="round"
        aria-label="All keys"
        title="All keys (?)"
        onClick=${()=>y({dialog:"keys"})}
      >
        ?
      </button>
      <button
        type="button"
        class="round"
        aria-label=${s?"Light colours":"Dark colours"}
        title=${s?"Light colours":"Dark colours"}
        onClick=${()=>J("theme",s?"light":"dark")}
      >
        <${s?$n:gn} />
      </button>
    </div>
  </header>`}function es(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function ts(){let e=v.queue.length;return c.problem?p`<div class="problem" role="alert">
    <p>
      ${c.problem}${e?` ${W(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>y({problem:""})}>Dismiss</button>
  </div>`:null}function os(){let e=(t,...o)=>p`<span>${o.map(n=>n==="–"?"–":p`<kbd>${n}</kbd>`)} ${t}</span>`;return p`<footer>
    ${c.view.name==="compare"?p`<p class="hints">
            ${e("the one beside","←","→")}${e("next candidate","↓")}${e("pick","P")}${e("reject","X")}
            ${e("zoom","+","−")}${e("every pixel","Z")}${e("back","Esc")}${e("all keys","?")}
          </p>`:c.view.name==="cull"?p`<p class="hints">
              ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("undo","U")}
              ${e("stars","1","–","5")}${e("large","Space")}${e("burst","B")}${e("why","Enter")}${e("all keys","?")}
            </p>`:p`<p class="hints">
              ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("anchors a side","[","]")}${e("back","Esc")}${e("all keys","?")}
            </p>`}
    <p class="store">
      Nothing is ever
      deleted${c.server&&p` · marks are kept in <span class="path">${c.server.store}</span>`}
    </p>
  </footer>`}function ns(){let[,e]=Se(t=>t+1,0);return R(()=>Mo(e),[]),R(Xn,[c.theme]),p`<${Qr} /><${ts} />
    ${{one:p`<${Hn} id=${c.view.id} />`,compare:p`<${On} />`}[c.view.name]??p`<${jn} />`}
    <${os} />
    ${c.dialog==="keys"&&p`<${Ln} />`} ${c.dialog==="export"&&p`<${Dn} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${c.said}</p>`}Xn();Kn();addEventListener("hashchange",Kn);addEventListener("keydown",Sn);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>y());addEventListener("beforeunload",e=>v.queue.length&&e.preventDefault());Vt(p`<${ns} />`,document.getElementById("app"));To();
