var Ht=function(e,t,o,n){var r;t[0]=0;for(var s=1;s<t.length;s++){var a=t[s++],i=t[s]?(t[0]|=a?1:2,o[t[s++]]):t[++s];a===3?n[0]=i:a===4?n[1]=Object.assign(n[1]||{},i):a===5?(n[1]=n[1]||{})[t[++s]]=i:a===6?n[1][t[++s]]+=i+"":a?(r=e.apply(i,Ht(e,i,o,["",null])),n.push(r),i[0]?t[0]|=2:(t[s-2]=0,t[s]=r)):n.push(i)}return n},Rt=new Map;function Wt(e){var t=Rt.get(this);return t||(t=new Map,Rt.set(this,t)),(t=Ht(this,t.get(e)||(t.set(e,t=(function(o){for(var n,r,s=1,a="",i="",f=[0],_=function(m){s===1&&(m||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?f.push(0,m,a):s===3&&(m||a)?(f.push(3,m,a),s=2):s===2&&a==="..."&&m?f.push(4,m,0):s===2&&a&&!m?f.push(5,0,!0,a):s>=5&&((a||!m&&s===5)&&(f.push(s,0,a,r),s=6),m&&(f.push(s,m,0,r),s=6)),a=""},l=0;l<o.length;l++){l&&(s===1&&_(),_(l));for(var g=0;g<o[l].length;g++)n=o[l][g],s===1?n==="<"?(_(),f=[f],s=3):a+=n:s===4?a==="--"&&n===">"?(s=1,a=""):a=n+a[0]:i?n===i?i="":a+=n:n==='"'||n==="'"?i=n:n===">"?(_(),s=1):s&&(n==="="?(s=5,r=a,a=""):n==="/"&&(s<5||o[l][g+1]===">")?(_(),s===3&&(f=f[0]),s=f,(f=f[0]).push(2,0,s),s=0):n===" "||n==="	"||n===`
`||n==="\r"?(_(),s=2):a+=n),s===3&&a==="!--"&&(s=4,f=f[0])}return _(),f})(e)),t),arguments,[])).length>1?t:t[0]}var E,Xt,vn,ne,rt,qe,Vt,ze,Gt,it,at,xn,Me=Symbol.for("pv"),Re={},He=[],Mn=/^m(i|n|o|s|text|space)$/,lt=Array.isArray,ct=He.slice,fe=Object.assign;function pe(e){e&&e.parentNode&&e.remove()}function Yt(e,t,o){var n,r,s,a={},i=arguments.length;for(s in t)s=="key"?n=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return i>2&&(a.children=i>3?ct.call(arguments,2):o),xe(e,a,n,r,null)}function xe(e,t,o,n,r){var s={type:e,props:t,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Me,__v:r||++Xt,__i:-1,__u:0};return!r&&E.vnode&&E.vnode(s),s}function We(e){return e.children}function Ie(e,t){this.props=e,this.context=t,this.__g=0}function se(e,t){if(t==null)return e.__&&se(e.__,e.__i+1);for(var o;t<e.__k.length;t++)if((o=e.__k[t])&&o.__e)return o.__e;return typeof e.type!="function"||e.props.__P?null:se(e)}function Cn(e){var t,o=e.__v,n=o.__e,r=[],s=[],a=e.__P;a&&((t=fe({constructor:Me},o)).__v=o.__v+1,E.vnode&&E.vnode(t),ut(a,t,o,e.__n,a.namespaceURI,32&o.__u?[n]:null,r,n||se(o),32&o.__u,s),t.__v=o.__v,t.__.__k[t.__i]=t,oo(r,t,s),o.__=o.__e=null,t.__e!=n&&Jt(t))}function Jt(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Jt(e)}function Ft(e){(8&e.__g||(e.__g|=8,ne.push(e),qe++))&&rt==E.debounceRendering||((rt=E.debounceRendering)||queueMicrotask)(Zt)}function Zt(){try{for(var e,t=1;ne.length;)ne.length>t&&ne.sort(Vt),e=ne.shift(),t=ne.length,8&e.__g&&Cn(e)}finally{(qe=ne.length)&&(rt||queueMicrotask)(Zt)}}function Qt(e,t,o,n,r,s,a,i,f,_,l){var g,m,c,d,k,$,w=n.__k||He,b=t.length;for(f=Sn(o,t,w,f,b),g=0;g<b;g++)(c=o.__k[g])!=null&&(m=~c.__i&&w[c.__i]||Re,c.__i=g,$=ut(e,c,m,r,s,a,i,f,_,l),d=c.__e,(m.ref!=c.ref||8&m.__u)&&(m.ref&&pt(m.ref,null,c,m),c.ref&&l.push(c.ref,c.__c||d,c)),k=k||d,4&c.__u?(f=eo(c,f,e,!m.__v),m.__e&&(m.__e=null)):typeof c.type=="function"&&$!==void 0?f=$:d&&(f=d.nextSibling),c.__u&=-21);return o.__e=k,f}function Sn(e,t,o,n,r){var s,a,i,f,_,l,g,m,c,d=o.length,k=d,$=0,w=0,b=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=b[s]=xe(null,a):lt(a)?a=b[s]=xe(We,{children:a}):a.constructor===Me&&a.__b?a=b[s]=xe(a.type,a.props,a.key,a.ref,a.__v):b[s]=a,f=s+$,a.__=e,a.__b=e.__b+1,i=null,~(_=a.__i=En(a,o,f,k))&&(k--,(i=o[_])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,_==f-1?$--:_==f+1?$++:_!=f&&(_>f?$--:$++,w=1)):(~_||(r>d?$--:r<d&&$++),typeof a.type!="function"&&(a.__u|=4))):b[s]=null;if(w){for(l=[],g=[],s=0;s<r;s++)if((a=b[s])&&16&a.__u){for($=0,m=l.length;$<m;)l[c=$+m>>1]<a.__i?$=c+1:m=c;l[$]=a.__i,g[s]=$+1}for($=l.length;s--;)g[s]&&(g[s]==$?$--:b[s].__u|=4)}if(k)for(s=0;s<d;s++)!(i=o[s])||2&i.__u||(i.__e==n&&(n=se(i)),ft(i,i));return n}function eo(e,t,o,n){var r,s,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=eo(r[s],t,o,!1));return t}for(t&&!t.parentNode&&(t=se(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!n&&o.moveBefore&&a.parentNode?o.moveBefore(a,t):o.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function En(e,t,o,n){var r,s=e.key,a=e.type,i=t[o],f=i&&!(2&i.__u);if(i===null&&s==null||f&&s==i.key&&a==i.type)return o;if(n>(f?1:0)){for(r=o-1;r>=0;r--)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r;for(r=o+1;r<t.length;r++)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r}return-1}function Kt(e,t,o){o==null&&(o=""),t[0]=="-"?e.setProperty(t,o):e[t]=o}function Ue(e,t,o,n,r){var s,a;if(t=="style")if(typeof o=="string")e.style.cssText=o;else{if(typeof n=="string"&&(e.style.cssText=n=""),n)for(t in n)o&&t in o||Kt(e.style,t);if(o)for(t in o)n&&o[t]==n[t]||Kt(e.style,t,o[t])}else if(t[0]=="o"&&t[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(e.__e||(e.__e={}))[t]=o,o&&n||(a=at[t]||(at[t]=On(t)),(e.__a||(e.__a={}))[t]=it,s=t!=(t=t.replace(Gt,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),o?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&o==1?"":o)}}function On(e){return function(t){var o=this.__e;if(o){if(o=o[e],t[ze]==null)t[ze]=it++;else if(t[ze]<this.__a[e])return;return o(E.event?E.event(t):t)}}}function ut(e,t,o,n,r,s,a,i,f,_){var l,g,m,c,d,k,$,w,b,C,S,x,z,K,R,v,P,X,F=t.type;if(t.constructor!==Me)return null;128&o.__u&&(f=32&o.__u,l=o.__c.__z)&&(t.__u|=f,g=s=[],l.nodeType==8?i=Be(l,s):s.push(l),i=s[0]||i),(l=E.__b)&&l(t);e:if(typeof F=="function"){m=a.length;try{if(w=t.props,b=(l=F.prototype)&&l.render,C=(l=F.contextType)&&n[l.__c],S=l?C?C.props.value:l.__:n,(c=o.__c)?(t.__c=c,2&c.__g&&(c.__g|=1)):(b?t.__c=c=new F(w,S):(t.__c=c=new Ie(w,S),c.constructor=F,c.render=Tn),C&&C.sub(c),c.state||(c.state={}),c.__n=n,c.__g|=8,c.__h=[],c.__k=[]),b&&(c.__s||(c.__s=c.state),F.getDerivedStateFromProps&&(c.__s==c.state&&(c.__s=fe({},c.__s)),fe(c.__s,F.getDerivedStateFromProps(w,c.__s)))),d=c.props,k=c.state,c.__v=t,o.__c){if(w!==d&&b&&!F.getDerivedStateFromProps&&c.componentWillReceiveProps&&c.componentWillReceiveProps(w,S),t.__v==o.__v&&!(8&c.__g)||!(4&c.__g)&&c.shouldComponentUpdate&&c.shouldComponentUpdate(w,c.__s,S)===!1){t.__v!=o.__v&&(c.props=w,c.state=c.__s,c.__g&=-9),t.__e=o.__e,t.__k=o.__k,t.__k.some(function(V){V&&(V.__=t)}),He.push.apply(c.__h,c.__k),c.__k=[],c.__h.length&&a.push(c),i=se(o);break e}c.componentWillUpdate&&c.componentWillUpdate(w,c.__s,S),b&&c.componentDidUpdate&&c.__h.push(function(){c.componentDidUpdate(d,k,$)})}else b&&!F.getDerivedStateFromProps&&c.componentWillMount&&c.componentWillMount(),b&&c.componentDidMount&&c.__h.push(c.componentDidMount);c.context=S,c.props=w,c.__P=e,c.__g&=-5,x=E.__r,z=b?25:0;do c.__g&=-9,x&&x(t),l=c.render(c.props,c.state=c.__s,c.context);while(8&c.__g&&++z<25);b&&(He.push.apply(c.__h,c.__k),c.__k=[]),c.state=c.__s,c.getChildContext&&(n=fe({},n,c.getChildContext())),b&&o.__c&&c.getSnapshotBeforeUpdate&&($=c.getSnapshotBeforeUpdate(d,k)),K=l&&l.type===We&&l.key==null?l.props.children:l,w.__P&&(l=i,r=(e=w.__P).namespaceURI,f=s=null,o.props&&o.props.__P!=e&&(o.__k.some(function(V){V&&ft(V,V)}),o.__k=null),i=o.__k?se(o,0):null),i=Qt(e,lt(K)?K:[K],t,o,n,r,s,a,i,f,_),w.__P&&(t.__e=null,i=l),t.__u&=-161,g&&g.some(pe),c.__h.length&&a.push(c),1&c.__g&&(c.__g&=-4)}catch(V){if(a.length=m,t.__v=null,f||s)if(V&&V.then){if(t.__u|=128|f,s){for(~(P=s.indexOf(i||void 0))||(P=s.length);(X=s[P-1])&&X.nodeType==8;)P--;for(;P<s.length;P++)if(X=s[P])if(s[P]=null,R){if(X==v)break}else{if(X.nodeType!=8)break;X.data.startsWith("$s")&&(v=Be(R=X))}}if(!R){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;R=i}(l=Be(R=t.__c.__z||(t.__c.__z=R)))?(t.__e=R,i=l):t.__e=i,i=i&&i.nextSibling}else s&&s.some(pe);else t.__e=o.__e;t.__k||(t.__k=o.__k||[]),V&&V.then||to(t),E.__e(V,t,o)}}else i=t.__e=Pn(o.__e,t,o,n,r,s,a,f,_,e);return(l=E.diffed)&&l(t),i}function Be(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var o=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))o++;else if(e.data.startsWith("/$s")&&!--o)return e}t&&t.push(e)}}function to(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(to))}function oo(e,t,o){for(var n=0;n<o.length;)pt(o[n++],o[n++],o[n++]);E.__c&&E.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){E.__e(s,r.__v)}})}function Pn(e,t,o,n,r,s,a,i,f,_){var l,g,m,c,d,k,$,w,b=o.props||Re,C=t.props,S=t.type;if(S=="svg"?r="http://www.w3.org/2000/svg":S=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(l=0;l<s.length;l++)if((d=s[l])&&(S?d.localName==S:d.nodeType==3)){e=d,s[l]=null;break}}if(!e){if(w=_.ownerDocument||document,!S)return w.createTextNode(C);e=w.createElementNS(r,S,C.is?C:_),i&&(E.__m&&E.__m(t,s),i=!1),s=null}if(S){if(_=S=="template"&&e.content||e,s=S=="textarea"&&C.defaultValue!=null?null:s&&ct.call(_.childNodes),!i&&s)for(b={},l=0;l<e.attributes.length;l++)b[(d=e.attributes[l]).name]=d.value;for(l in b)d=b[l],l=="dangerouslySetInnerHTML"?m=d:l=="children"||l in C||l=="value"&&"defaultValue"in C||l=="checked"&&"defaultChecked"in C||Ue(e,l,null,d,r);for(l in C)d=C[l],l=="children"?c=d:l=="dangerouslySetInnerHTML"?g=d:l=="value"?k=d:l=="checked"?$=d:i&&typeof d!="function"||b[l]===d||Ue(e,l,d,b[l],r);g?(i||m&&(g.__html==m.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(m&&(e.textContent=""),(S=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Mn.test(S))&&(r="http://www.w3.org/1999/xhtml"),Qt(_,lt(c)?c:[c],t,o,n,r,s,a,s?s[0]:o.__k&&se(o,0),i,f),s&&s.some(pe)),i&&S!="textarea"||(l="value",S=="progress"&&k==null?e.removeAttribute(l):k==null||k===e[l]&&(S!="progress"||k)||Ue(e,l,k,b[l],r),l="checked",$!=null&&$!=e[l]&&Ue(e,l,$,b[l],r))}else b===C||i&&e.data==C||(e.data=C);return e}function pt(e,t,o,n){try{typeof e=="function"?t?t.__x=e(t)||1:n&&(n=n.__c||n.__e)&&(t=n.__x)&&(n.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){E.__e(r,o)}}function ft(e,t,o){var n,r,s,a;if(E.unmount&&E.unmount(e),!(n=e.ref)||n.current&&n.current!=e.__e||pt(n,null,t,e),n=e.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(i){E.__e(i,t)}n.__P=n.__n=null}if(n=e.__k)for(a=0;a<n.length;a++)n[a]&&ft(n[a],t,typeof e.type!="function"||o&&!e.props.__P);!o&&(n=e.__c)&&(n=n.__z)&&(r=Be(n,s=[]))&&(n==e.__e&&s.some(pe),pe(r),pe(n)),o||pe(e.__e),e.__e=e.__c=e.__=null}function Tn(e,t,o){return this.constructor(e,o)}function ht(e,t){var o,n,r,s;E.__&&E.__(e,t),t.nodeType==9&&(t=t.documentElement),n=(o=e&&32&e.__u)?null:t.__k,t.__k=xe(We,{children:[e]}),r=[],s=[],ut(t,t.__k,n||Re,Re,t.namespaceURI,n?null:t.firstChild?ct.call(t.childNodes):null,r,n?n.__e:t.firstChild,o,s),oo(r,t.__k,s),t.__k.props.children=null}E={__e:function(e,t,o,n){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,n||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(i){e=i}}throw qe=0,e}},Xt=0,vn=function(e){return e!=null&&e.constructor===Me},Ie.prototype.setState=function(e,t){var o=this.__s;o&&o!=this.state||(o=this.__s=fe({},this.state)),typeof e=="function"&&(e=e(fe({},o),this.props)),e&&(fe(o,e),this.__v&&(t&&this.__k.push(t),Ft(this)))},Ie.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Ft(this))},Ie.prototype.render=We,ne=[],qe=0,Vt=function(e,t){return e.__v.__b-t.__v.__b},ze=Symbol(),Gt=/(PointerCapture)$|Capture$/i,it=0,at={},xn=0;var _e,j,dt,no,mt=Object.is,Fe=0,fo=[],_t=[],N=E,so=N.__b,ro=N.__r,ao=N.diffed,io=N.__c,lo=N.unmount,co=N.__;function Ke(e,t){N.__h&&N.__h(j,e,Fe||t),Fe=0;var o=j.__H||(j.__H={__:[],__h:[]});return e>=o.__.length&&o.__.push({}),o.__[e]}function L(e){return Fe=1,ge(ho,e)}function ge(e,t,o){var n=Ke(_e++,2);if(n.t=e,!n.__c&&(n.__=[o?o(t):ho(void 0,t),function(s){var a=(n.__N||n.__)[0],i=n.t(a,s);mt(a,i)||(n.__N=[i,n.__[1]],n.__c.setState({}))}],n.__c=j,!j.__f)){j.__f=!0;var r=j.shouldComponentUpdate;j.shouldComponentUpdate=function(s,a,i){var f=this.__H;if(!f)return!0;var _=!1,l=this.props!=s;if(f.__.some(function(m){m.__N&&(_=!0,mt(m.__[0],m.__N[0])||(l=!0))}),r){var g=r.call(this,s,a,i);return _?g||l:g}return!_||l}}return n.__}function I(e,t){var o=Ke(_e++,3);!N.__s&&$t(o.__H,t)&&(o.__P=!0,o.__=e,o.u=t,j.__H.__h.push(o))}function Q(e,t){var o=Ke(_e++,4);!N.__s&&$t(o.__H,t)&&(o.__P=!1,o.__=e,o.u=t,j.__h.push(o))}function D(e){return Fe=5,Xe(function(){return{current:e}},[])}function Xe(e,t){var o=Ke(_e++,7);return $t(o.__H,t)&&(o.__=e(),o.__H=t),o.__}function Nn(){var e;do{for(;e=_t.shift();)try{Ce(e)}catch(o){N.__e(o,{__:(e=e.__P)&&e.__v})}for(;e=fo.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ce),t.__h.some(gt),t.__h=[]}catch(o){t.__h=[],N.__e(o,e.__v)}}}while(_t.length)}N.__b=function(e){j=null,so&&so(e)},N.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),co&&co(e,t)},N.__r=function(e){ro&&ro(e),_e=0;var t=(j=e.__c).__H;t&&(dt==j?j.__h=[]:(t.__h.some(Ce),t.__h.some(gt),_e=0),t.__h=[],t.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),dt=j},N.diffed=function(e){ao&&ao(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&po(fo.push(t)),t.__H.__.some(function(o){o.u&&(o.__H=o.u)})),dt=j=null},N.__c=function(e,t){t.some(function(o){try{o.__h.some(Ce),o.__h=o.__h.filter(function(n){return!n.__||gt(n)})}catch(n){o.__h=[function(){throw n}]}}),io&&io(e,t)},N.unmount=function(e){lo&&lo(e);var t,o,n=e.__c;n&&n.__H&&(n.__H.__.some(function(r){try{if(r.__P&&r.__c){if(o===void 0){for(o=e.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}r.__P=o,po(_t.push(r))}else Ce(r)}catch(s){t=s}}),n.__H=void 0,t&&N.__e(t,n.__v))};var uo=typeof requestAnimationFrame=="function";function jn(e){var t,o=function(){clearTimeout(n),uo&&cancelAnimationFrame(t),setTimeout(e)},n=setTimeout(o,35);uo&&(t=requestAnimationFrame(o))}function po(e){e!=1&&no==N.requestAnimationFrame||((no=N.requestAnimationFrame)||jn)(Nn)}function Ce(e){var t=j,o=e.__c;typeof o=="function"&&(e.__c=void 0,o()),j=t}function gt(e){var t=j;e.__c=e.__(),j=t}function $t(e,t){return!e||e.length!=t.length||t.some(function(o,n){return!mt(o,e[n])})}function ho(e,t){return typeof t=="function"?t(e):t}var p=Wt.bind(Yt);var H=(e,t=!1)=>o=>p`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${o}
    >
      <path d=${e} />
    </svg>`,Ve=H("M3 8.5 6.5 12 13 4.5"),re=H("M4 4l8 8M12 4l-8 8"),Ge=H("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),mo=H("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),_o=H("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),go=H("M10 3 5 8l5 5"),$o=H("M6 3l5 5-5 5"),bo=H("M3 10l5-5 5 5"),ko=H("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),yo=H("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),wo=H("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),vo=H("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),xo=H("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),Mo=H("M2 4h12M4.5 8h7M6.5 12h3");var Co=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var Se=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.bursts=new Map;for(let t of Co)this[t]=[]}append(t){let o=[];for(let n=0;n<t.id.length;n++){if(this.rows.has(t.id[n]))continue;o.push(n),this.rows.set(t.id[n],this.n);for(let s of Co)this[s].push(t[s]?.[n]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let r=this.familiarity[this.n];r!==null&&r<.05&&(this.unlike+=1),this.n+=1}return o.length&&(this.version+=1),o}group(t){for(let n=0;n<this.n;n++)this.burst[n]=t[this.id[n]];let o=new Map;for(let n=0;n<this.n;n++){let r=this.burst[n];r!=null&&(o.has(r)?o.get(r).push(n):o.set(r,[n]))}this.bursts=new Map([...o].filter(([,n])=>n.length>1));for(let n of this.bursts.values())n.sort((r,s)=>(this.score[s]??-1)-(this.score[r]??-1)||r-s);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let o=this.name[t]??"";return o.slice(o.lastIndexOf("/")+1)}};var Ye={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first"},Je={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function bt(e,t,o){let n=new Float64Array(e);for(let s=0;s<e;s++){let a=t[s];n[s]=a==null?1/0:o*a}let r=new Uint32Array(e);for(let s=0;s<e;s++)r[s]=s;return r.sort((s,a)=>n[s]<n[a]?-1:n[s]>n[a]?1:s-a)}var Ln=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function kt(e,t){let o=e.n;if(t==="name"){let n=e.name.map(Ln),r=Uint32Array.from({length:o},(a,i)=>i),s=(a,i)=>n[a]<n[i]?-1:n[a]>n[i]?1:a-i;return r.sort((a,i)=>e.folder[a]-e.folder[i]||s(a,i))}return t==="time"?bt(o,e.taken,1):t==="strange"?bt(o,e.familiarity,1):bt(o,e.score,t==="worst"?1:-1)}function An(e,t,o){let n=r=>t.of(e.id[r]);return{all:()=>!0,pick:r=>n(r).mark==="pick",reject:r=>n(r).mark==="reject",none:r=>n(r).mark===""&&!G(e,r),stars:r=>n(r).stars>0,burst:r=>e.burstOf(r).length>1,unlike:r=>e.familiarity[r]!==null&&e.familiarity[r]<.05,broken:r=>G(e,r)}[o]}var G=(e,t)=>!!e.error[t]||e.score[t]===null;function So(e,t,o,{show:n,low:r,high:s,query:a,fold:i,open:f}){let _=An(t,o,n),l=a.trim().toLowerCase(),g=[],m=i&&t.bursts.size>0,c=new Map,d=k=>{let $=t.score[k];return r!==null&&!($!==null&&$>=r)||s!==null&&!($!==null&&$<=s)||l&&!(t.name[k]??"").toLowerCase().includes(l)?!1:_(k)};for(let k of e)if(d(k)){if(m){let $=t.burstOf(k);if($.length>1){let w=t.burst[k];c.has(w)||c.set(w,$.find(d));let b=c.get(w);if(f.has(w)){k===b&&g.push(...$.filter(d));continue}if(k!==b)continue}}g.push(k)}return Uint32Array.from(g)}function Eo(e,t,o,n,r){let s=new Set,a=new Set;for(let i of e){if(s.size>=n)break;if(!(G(t,i)||o.of(t.id[i]).mark==="reject")){if(r&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}s.add(i)}}return s}function Oo(e,t){let o=1/0,n=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<o&&(o=i),i>n&&(n=i))}let r=new Uint32Array(t);if(o>n)return{low:0,high:1,counts:r};let s=(n-o)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(r[Math.min(t-1,Math.floor((i-o)/s))]+=1)}return{low:o,high:n,counts:r}}var Oe="";function Po(e){Oe=e?`run=${encodeURIComponent(e)}`:""}var Dn=12,ae=new Map;function Ze(e,t=1600){let o=To(e,t),n=ae.get(o);if(n&&!n.failed)return ae.delete(o),ae.set(o,n),n;n=new Image,n.decoding="async",n.alt="",n.draggable=!1,n.src=o,n.ready=n.decode().then(()=>n.done=!0,()=>n.failed=!0),ae.set(o,n);for(let[r,s]of ae){if(ae.size<=Dn)break;s.isConnected||ae.delete(r)}return n}var To=(e,t)=>`/photo/${e}?side=${t}${Oe&&`&${Oe}`}`,No=(e,t=1600)=>!!ae.get(To(e,t))?.done,Pe=e=>`/thumb/${e}${Oe&&`?${Oe}`}`;var he=class extends Error{constructor(t,{gone:o=!1,status:n=0}={}){super(t),this.gone=o,this.status=n}},jo="The server has stopped: run the command again.",Un="This page is not known to the server any more: open the address that the command printed.",Lo="";function yt(e){Lo=e??""}async function wt(e,t){let o;try{o=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(s){throw s.name==="AbortError"?s:new he(jo,{gone:!0})}let n=null;try{n=await o.json()}catch(s){if(s.name==="AbortError")throw s;if(o.ok)throw new he(jo,{gone:!0})}if(o.ok)return n;let r=o.status;throw r===401||r===403?new he(Un,{gone:!0,status:r}):r===409?new he("The command was started again: this page loads anew.",{gone:!0,status:r}):new he(n?.error??`The server answered ${r}.`,{status:r})}var ee=(e,t)=>wt(e,{signal:t}),Te=(e,t)=>wt(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":Lo},body:JSON.stringify(t)}),Ao=(e,t)=>wt(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),$e=e=>new Promise(t=>setTimeout(t,e));var zn=Object.freeze({mark:"",stars:0}),Qe=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??zn}isKept(t){return!this.unkept.has(t)}async load(){this._take((await ee("/api/marks")).marks,!0)}arrive(t,o){let n=!1;for(let r of o){let s=t.id[r];!t.mark?.[r]&&!t.stars?.[r]||this.unkept.has(s)||(this.states.set(s,{mark:t.mark[r],stars:t.stars[r]}),n=!0)}n&&this._changed()}waitingFor(t){return this.queue.filter(o=>o.before).map(({ids:o,body:n})=>({names:o.map(t),body:n}))}async resend(t,o){for(let{names:n,body:r}of t){let s=n.map(a=>o.get(a)).filter(a=>a!==void 0);s.length&&await Te("/api/marks",{...r,ids:s})}}set(t,o){let n=t.map(r=>[r,this.of(r)]);for(let r of t)this.states.set(r,{...this.of(r),...o});this.queue.push({path:"/api/marks",body:{ids:t,...o},ids:t,before:n}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[o,n]of t.before)this.states.set(o,n);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:o}=await Te(t.path,t.body);this._done(t);let n=new Set(this.queue.flatMap(r=>r.ids));this._take(Object.fromEntries(Object.entries(o??{}).filter(([r])=>!n.has(Number(r)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(o??{}).map(Number))}catch(o){if(this.on.failed(o),o.gone){for(this.waiting=!0;!this.on.isBack();)await $e(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let o=this.queue.indexOf(t);o>=0&&this.queue.splice(o,1)}_take(t,o){o&&(this.states=new Map);for(let[n,{mark:r,stars:s}]of Object.entries(t??{}))this.states.set(Number(n),{mark:r??"",stars:s??0});if(o)for(let n of this.queue)this._again(n);this._changed()}_again({ids:t,body:o}){let{mark:n,stars:r}=o;for(let s of t)this.states.set(s,{mark:n??this.of(s).mark,stars:r??this.of(s).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:o,stars:n}of this.states.values())o&&(t[o]+=1),n&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(o=>o.ids)),this.version+=1,this.on.changed()}};var O=e=>e==null?"–":e.toFixed(2),W=e=>e==null?"–":e.toFixed(4),be=e=>e==null?"–":e.toFixed(1),In=new Intl.NumberFormat("en"),T=e=>In.format(e),B=(e,t)=>`${T(e)} ${t}${e===1?"":"s"}`;function Do(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[Bn.select(e)];return`${T(e)}${t}`}var Bn=new Intl.PluralRules("en",{type:"ordinal"});function Uo(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function zo(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var qn=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short"}),Io=e=>e==null?"":qn.format(new Date(e*1e3)),vt=e=>e?B(e,"star"):"no stars";var ie=32;function ke(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function Y(e,t){u[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}y()}var h=new Se,u={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:ke("fold",!0),single:ke("single",!0),advance:ke("advance",!1),size:ke("size",innerWidth>=1900?230:190),theme:ke("theme","auto"),letters:ke("letters",!0)},Et=new Set,xt=!1;function y(e){e&&Object.assign(u,e),!xt&&(xt=!0,queueMicrotask(()=>{xt=!1,Gn();for(let t of Et)t()}))}function qo(e){return Et.add(e),()=>Et.delete(e)}function q(e){y({said:e===u.said?`${e} `:e})}function de(e){e.name!=="AbortError"&&(y({problem:e.message,gone:e.gone||u.gone}),e.gone&&Zn())}var M=new Qe({changed:()=>y(),failed:de,isBack:()=>!u.gone,undone(e){if(!e.length)return q("Nothing to undo.");let t=h.rows.get(e[0]);t!==void 0&&U().where.has(t)&&te(t),q(e.length===1&&t!==void 0?`Undone: ${h.file(t)} ${Ot(t)}`:`Undone for ${B(e.length,"photograph")}.`)}});function me(e){let t=null,o;return(...n)=>((!t||n.some((r,s)=>r!==t[s]))&&(t=n,o=e(...n)),o)}var Rn=me((e,t)=>kt(h,t)),Ro=me(()=>kt(h,"best")),Hn=me(e=>{let t=new Uint32Array(h.n);return Ro(e).forEach((o,n)=>t[o]=n+1),t}),Wn=me(e=>{let t=new Map;return e.forEach((o,n)=>t.set(o,n)),t}),Fn=me((e,t,o,n,r,s,a,i)=>So(e,h,M,{show:o,low:n,high:r,query:s,fold:a,open:i})),et=()=>Kn(h.version),Kn=me(()=>Oo(h,ie)),Xn=me((e,t,o,n)=>Eo(Ro(e),h,M,o,n)),Vn=new Set(["pick","reject","none","stars"]);function U(){let e=Rn(h.version,u.order),t=Vn.has(u.show)?M.version:-1,o=Fn(e,t,u.show,u.low,u.high,u.query,u.fold,u.open),n=u.keep?Xn(h.version,M.version,u.keep,u.single):new Set;return{rows:o,where:Wn(o),proposed:n}}var Ho=e=>Hn(h.version)[e];function Ne(){let{pick:e,reject:t,stars:o}=M.counts,n=0;for(let r of h.bursts.values())n+=r.length;return{all:h.n,pick:e,reject:t,none:Math.max(0,h.scored-e-t),stars:o,burst:n,unlike:h.unlike,broken:h.broken}}function Ot(e){let{mark:t,stars:o}=M.of(h.id[e]),n=[G(h,e)?"not scored":`score ${O(h.score[e])}`];n.push({pick:"pick",reject:"reject","":"undecided"}[t]),o&&n.push(vt(o));let r=h.burstOf(e).length;return r&&n.push(`one of a burst of ${r}`),n.join(", ")}function te(e){y({current:e,moved:!0})}function le(e){let{rows:t,where:o}=U();if(!t.length)return;let n=o.get(u.current)??0;te(t[Math.max(0,Math.min(t.length-1,n+e))])}var Bo=0;function Gn(){if(!h.n)return;let{rows:e,where:t}=U();if(!u.moved&&e.length&&(u.current=e[0]),e.length&&!t.has(u.current)){let o=u.current<0?void 0:h.burstOf(u.current).find(n=>t.has(n));u.current=o??e[Math.min(e.length-1,Bo)]}Bo=t.get(u.current)??0}function je(e,{next:t=u.advance}={}){let o=u.current;if(o<0)return;let n=h.id[o],r=M.of(n).mark===e?"":e,{rows:s,where:a}=U(),i=s[a.get(o)+1];u.moved=!0,M.set([n],{mark:r}),q(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[r]} ${h.file(o)}`),t&&r&&i!==void 0&&te(i)}function Le(e){let t=u.current;t<0||(M.set([h.id[t]],{stars:e}),q(`${h.file(t)}: ${vt(e)}`))}function Wo(){let e=[...U().proposed].map(t=>h.id[t]).filter(t=>M.of(t).mark!=="pick");e.length&&M.set(e,{mark:"pick"}),q(`Picked ${B(e.length,"photograph")}. U takes it back.`),y({keep:0})}function J(e){y(e);let{rows:t}=U();q(`${B(t.length,"photograph")} shown, ${e.order?Ye[e.order]:Je[u.show]}.`)}function Fo(){let e=u.current;if(e<0||h.burstOf(e).length<2)return q("This photograph is in no burst.");if(!u.fold)return q("Bursts are not folded.");let t=new Set(u.open),o=h.burst[e],n=!t.delete(o);n&&t.add(o),y({open:t}),q(n?`Burst of ${h.burstOf(e).length} unfolded.`:"Burst folded.")}var Ko=()=>u.show!=="all"||u.low!==null||u.high!==null||u.query!=="";async function Yn(){for(;;){let e=await ee(`/api/photos?from=${h.n}`),t=h.append(e);if(!t.length||(M.arrive(e,t),y(),e.done))return}}var Mt=!1;async function Xo(){if(!Mt){Mt=!0;try{for(;;){let e=await ee("/api/state"),t=u.gone;if(u.server&&e.run!==u.server.run)return await Jn(e);if(Po(e.run),yt(e.run),y({server:e,gone:!1,problem:t?"":u.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await Yn(),e.done&&e.bursts){h.group((await ee("/api/bursts")).burst),y();break}await $e(700)}}catch(e){de(e)}finally{Mt=!1}}}async function Jn(e){let t=M.waitingFor(o=>Ct(h,h.rows.get(o)));if(t.length){let o=new Se,n=new Map,r=new Set(t.flatMap(s=>s.names));for(;o.n<e.n_photos&&r.size>n.size;){let s=o.n;o.append(await ee(`/api/photos?from=${s}`));for(let a=s;a<o.n;a++)r.has(Ct(o,a))&&n.set(Ct(o,a),o.id[a]);o.n===s&&await $e(300)}yt(e.run),await M.resend(t,n)}M.queue.length=0,location.reload()}var Ct=(e,t)=>`${e.folder[t]}/${e.name[t]}`,St=!1;async function Zn(){if(!St){for(St=!0;u.gone;)await $e(2500),await Xo();St=!1}}async function Vo(){Xo();try{await M.load()}catch(e){de(e)}}function Go(){let e=u.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,o=e.n_photos?t/e.n_photos:0,n=e.rate?` · ${e.rate.toFixed(1)} a second`:"",r=e.seconds_left!==null&&t?` · ${Uo(e.seconds_left)} left`:"";return{share:o,text:`${T(t)} of ${T(e.n_photos)} scored${n}${r}`}}var oe=8,Qn=34,Yo=320,Ae={columns:1,visible:1,row:100},Jo=()=>Ae.columns,Zo=()=>Math.max(Ae.columns,Ae.columns*Ae.visible);function es(e,t){let o=Math.min(t,Math.max(100,(e-oe)/2)),n=Math.max(1,Math.floor((e+oe)/(o+oe))),r=(e-oe*(n-1))/n;return{columns:n,cell:r,row:Math.round(r*.6+Qn)+oe}}function Qo(){let e=D(null),t=D({top:0,height:600,width:800}),[,o]=ge(x=>x+1,0),{rows:n,where:r,proposed:s}=U(),{columns:a,cell:i,row:f}=es(t.current.width,u.size),_=Math.ceil(n.length/a),l=Math.ceil(t.current.height/f)+1;Object.assign(Ae,{columns:a,visible:Math.max(1,l-2),row:f});let g=Math.max(0,Math.min(3,Math.floor((Yo/a-l)/2))),m=Math.max(0,Math.min(_-1,Math.floor(t.current.top/f))-g),c=Math.min(_,m+Math.min(l+2*g,Math.floor(Yo/a))),d=r.get(u.current)??-1;Q(()=>{let x=e.current,z=()=>{let R=getComputedStyle(x),v=x.clientWidth-parseFloat(R.paddingLeft)-parseFloat(R.paddingRight);(v!==t.current.width||x.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:v,height:x.clientHeight}),o())},K=new ResizeObserver(z);return K.observe(x),z(),()=>K.disconnect()},[]);let k=D({current:-1,at:-1,key:""});Q(()=>{let x=e.current,{current:z,at:K,key:R}=k.current,v=`${a} ${f}`;if(k.current={current:u.current,at:d,key:v},d<0)return;let P=Math.floor(d/a)*f,X=Math.floor(K/a)*f,F=x.clientHeight;z===u.current&&R===v&&K>=0&&X!==P?X>=x.scrollTop-f&&X<=x.scrollTop+F&&(x.scrollTop+=P-X):(z!==u.current||R!==v)&&(P<x.scrollTop?x.scrollTop=P:P+f>x.scrollTop+F-oe&&(x.scrollTop=P+f-F+oe*2))}),I(()=>e.current.focus({preventScroll:!0}),[]);let $=()=>{let x=e.current.scrollTop,z=Math.floor(x/f)!==Math.floor(t.current.top/f);t.current.top=x,z&&o()},{low:w,high:b}=et(),C=[],S=x=>{let z=n[x];C.push(p`<${os}
        key=${h.id[z]}
        row=${z}
        place=${x}
        n=${a}
        cell=${i}
        height=${f}
        total=${n.length}
        low=${w}
        high=${b}
        proposed=${s.has(z)}
        current=${x===d}
        mark=${M.of(h.id[z])}
      />`)};for(let x=m*a;x<Math.min(n.length,c*a);x++)S(x);return d>=0&&(d<m*a||d>=c*a)&&S(d),p`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${d>=0?`photo-${h.id[u.current]}`:void 0}
    onScroll=${$}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,_*f)}px`}}>${C}</div>
    ${n.length===0&&p`<${ts} />`}
  </div>`}function ts(){return h.n?p`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>y({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:p`<p class="empty">
      ${u.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}function os({row:e,place:t,n:o,cell:n,height:r,total:s,low:a,high:i,proposed:f,current:_,mark:l}){let g=h.id[e],m=G(h,e),c=h.score[e],d=h.burstOf(e).length,k=d>1&&u.fold&&u.open.has(h.burst[e]),$=h.familiarity[e]!==null&&h.familiarity[e]<.05,w=c===null?0:i>a?(c-a)/(i-a):1,b=["cell",l.mark,_&&"current",f&&"proposed",m&&"broken",k&&"open"],C=`translate(${t%o*(n+oe)}px, ${Math.floor(t/o)*r}px)`,S=[h.name[e],Ot(e),f&&"proposed",!M.isKept(g)&&"not kept yet"];return p`<div
    class=${b.filter(Boolean).join(" ")}
    id=${`photo-${g}`}
    role="option"
    aria-setsize=${s}
    aria-posinset=${t+1}
    aria-selected=${_?"true":"false"}
    data-id=${g}
    data-score=${c}
    style=${{transform:C,width:`${n}px`,height:`${r-oe}px`}}
    onClick=${()=>te(e)}
    onDblClick=${()=>y({large:!0,zoomed:!1})}
  >
    <span class="hidden">${S.filter(Boolean).join(", ")}</span>
    <div class="picture" aria-hidden="true">
      ${m?p`<span class="blank">${h.error[e]||"not scored"}</span>`:p`<img
              src=${Pe(g)}
              alt=""
              decoding="async"
              draggable=${!1}
              onError=${x=>x.target.classList.add("missing")}
            />`}
      <span class="tags">
        ${l.mark==="pick"&&p`<span class="tag good"><${Ve} />pick</span>`}
        ${l.mark==="reject"&&p`<span class="tag bad"><${re} />reject</span>`}
        ${f&&l.mark!=="pick"&&p`<span class="tag">proposed</span>`}
        ${!M.isKept(g)&&p`<span class="tag warn">not kept yet</span>`}
      </span>
      <span class="tags right">
        ${d>1&&p`<span class="tag" title=${`a burst of ${d}`}><${mo} />${d}</span>`}
        ${$&&p`<span class="tag" title="unlike all anchors"><${_o} />unlike</span>`}
      </span>
      ${l.stars>0&&p`<span class="tags bottom"><span class="tag stars">${Array.from({length:l.stars},()=>p`<${Ge} />`)}</span></span>`}
    </div>
    <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${w})`}}></i></div>
    <div class="caption" aria-hidden="true">
      <span class="name">${h.file(e)}</span><b>${m?"–":O(c)}</b>
    </div>
  </div>`}var A=e=>(t,o)=>u.view.name==="cull"?e(t,o):!1;function ce(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var en=e=>()=>{let{rows:t}=U();t.length&&te(t[e?t.length-1:0])};function ns(){return u.zoomed?y({zoomed:!1}):u.large?y({large:!1}):u.details||u.filters?y({details:!1,filters:!1}):u.view.name!=="cull"?ce("cull"):!1}var tt=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:A(e=>le(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:A(e=>le(u.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*Jo()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:A(e=>le((e==="PageUp"?-1:1)*Zo()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:A(en(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:A(en(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:A((e,t)=>je("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:A((e,t)=>je("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:A(e=>Le(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:A(()=>Le(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:A(()=>M.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:A(()=>Y("advance",!u.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:A(()=>y({large:!u.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:A(()=>y({large:!0,zoomed:!(u.large&&u.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:A(Fo)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:A(e=>Y("size",Math.max(110,Math.min(420,Math.round(u.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:A(()=>u.current>=0&&ce("one",h.id[u.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:A(()=>{y({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:A(()=>J({show:{all:"pick",pick:"reject",reject:"none"}[u.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:A(()=>J({order:{best:"worst",worst:"name",name:"time"}[u.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>y({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>y({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:ns},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1}],ss=new Map(tt.flatMap(e=>e.keys.map(t=>[t,e]))),rs="button, a[href], summary, input, select, textarea";function tn(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(rs)}function on(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||u.view.name!=="cull"||tn(e.target,"z"))return;e.preventDefault(),M.undo();return}if(u.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,o=ss.get(t);!o||tn(e.target,t)||!u.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||o.run(t,e.shiftKey)!==!1&&e.preventDefault()}var as=200,ye=new Map;function Pt(e){ye.set(e.id,e),ye.size>as&&ye.delete(ye.keys().next().value)}function ot(e,t=120){let[,o]=L(null);return I(()=>{if(e==null||ye.has(e))return;let n=new AbortController,r=setTimeout(()=>{ee(`/api/explain/${e}`,n.signal).then(s=>{Pt({...s,id:e}),o(s)},de)},t);return()=>{clearTimeout(r),n.abort()}},[e,u.gone]),ye.get(e)??null}function nt({value:e,low:t,high:o}){if(e==null)return null;let[n,r]=u.server?.index?.range??[t,o],s=i=>`${Math.max(0,Math.min(100,100*(i-n)/(r-n||1)))}%`,a=t!=null;return p`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${be(e)}</b>
        ${a&&p`<span class="dim">${be(t)} to ${be(o)}, of ${be(n)} to ${be(r)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&p`<i class="span" style=${{left:s(t),right:`calc(100% - ${s(o)})`}}></i>`}<i
        class="dot"
        style=${{left:s(e)}}
      ></i>
    </div>
  </div>`}function st({value:e}){return e==null?null:p`<div>
    <p class="line"><span>familiarity</span><b>${O(e)}</b></p>
    <p class="dim sentence">${zo(e)}</p>
  </div>`}function we({side:e,list:t,most:o,title:n,pictures:r=!0}){if(!t?.length)return null;let s=[...t].sort((l,g)=>g.weight-l.weight).slice(0,o),a=Math.max(...s.map(l=>l.weight),1e-12),i=l=>!!(l.picture??r),f=!s.some(i),_=`h-${e}`;return p`<section class=${`anchors ${e} ${f?"named":""}`} aria-labelledby=${_}>
    <h2 id=${_}>${n}</h2>
    <ul>
      ${s.map(l=>p`<li key=${l.anchor} title=${is(l)}>
            ${f?p`<p class="file">${l.name}</p>`:p`<div class="tile">
                    ${i(l)?p`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:p`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${nn(l.rating)}</b><span class="dim"> · ${ls(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var is=e=>`${e.name}
rating ${nn(e.rating)}, weight ${W(e.weight)}, cosine ${W(e.cosine)}`,nn=e=>e==null?"–":String(Math.round(e*100)/100),ls=e=>`${(100*e).toFixed(e>=.1?0:1)}%`;function De({id:e,side:t=1600,wait:o=90,alt:n,label:r}){let s=D(null);return I(()=>{let a=()=>{let _=Ze(e,t);_.alt=n;let l=()=>s.current?.dataset.id===String(e)&&s.current.replaceChildren(_);_.done?l():_.ready.then(()=>_.done&&l())};if(!s.current)return;if(s.current.dataset.id=e,No(e,t))return void a();let i=new Image;i.src=Pe(e),i.alt=n,i.className="small",s.current.replaceChildren(i);let f=setTimeout(a,o);return()=>clearTimeout(f)},[e,t]),p`<div class="photograph" ref=${s} aria-label=${r}></div>`}function Tt(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Nt(){let{mark:e}=M.of(h.id[u.current]),t=(o,n,r,s)=>p`<button
      type="button"
      class=${`mark ${o}`}
      aria-pressed=${e===o?"true":"false"}
      title=${`${s} (${r})`}
      onClick=${a=>Tt(a,je(o))}
    >
      <${n} /><span>${s}</span>
    </button>`;return p`<div class="marks">
    ${t("pick",Ve,"P","Pick")}${t("reject",re,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${o=>Tt(o,M.undo())}
    >
      <${yo} />
    </button>
  </div>`}function jt(){let{stars:e}=M.of(h.id[u.current]);return p`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>p`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${o=>Tt(o,Le(t===e?0:t))}
        >
          <${Ge} />
        </button>`)}
  </div>`}function sn(){let e=u.current,t=h.id[e],o=e>=0&&G(h,e),n=ot(e<0||o?null:t);if(e<0)return p`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:r}=U(),s=h.burstOf(e),a=o?"not scored":`${Do(Ho(e))} of ${T(h.scored)}`;return p`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${u.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>y({details:!u.details})}
      >
        <span class="file">${h.file(e)}</span
        ><span><b>${O(h.score[e])}</b> <span class="dim">${a}</span></span
        ><${bo} class="icon turn" />
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
        ${o?p`<span class="blank">no picture</span>`:!u.large&&p`<${De} id=${t} alt=${h.name[e]} />`}
      </button>
      <p class="file" title=${h.name[e]}>${h.name[e]}</p>
      ${h.taken[e]!==null&&p`<p class="dim">${Io(h.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${W(h.score[e])}`}>
        <b>${O(h.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${Nt} /><${jt} /></div>
    <div class="whole">
      ${o&&p`<p class="warn">Not scored: ${h.error[e]}</p>`}
      <${nt} value=${h.opinion[e]} low=${h.low[e]} high=${h.high[e]} />
      <${st} value=${h.familiarity[e]} />
      <${we}
        side="good"
        list=${n?.good}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${we}
        side="bad"
        list=${n?.bad}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${s.length>1&&p`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${s.slice(0,12).map(i=>p`<li key=${i}>
                  <button
                    type="button"
                    aria-label=${`${h.file(i)}, score ${O(h.score[i])}`}
                    aria-current=${i===e?"true":void 0}
                    onClick=${()=>cs(i,r)}
                  >
                    <img src=${Pe(h.id[i])} alt="" /><span>${O(h.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${s.length>12&&p`<p class="dim">and ${T(s.length-12)} more</p>`}
        </section>`}
      ${!o&&p`<button type="button" class="wide" onClick=${()=>ce("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function cs(e,t){t.has(e)||y({open:new Set(u.open).add(h.burst[e])}),te(e)}function rn(){let e=D(null),t=D(null),o=u.current,n=h.id[o],{rows:r,where:s}=U(),a=s.get(o)??0;Q(()=>(e.current.showModal(),e.current.focus(),()=>document.getElementById("grid")?.focus({preventScroll:!0})),[]),I(()=>{for(let l of[a+1,a-1,a+2]){let g=r[l];g!==void 0&&!G(h,g)&&Ze(h.id[g])}},[n]),Q(()=>{let l=t.current;u.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[u.zoomed,n]);let i=D(null),f=l=>{let g=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+g.scrollLeft,y:l.clientY+g.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&u.zoomed){let m=i.current.x-l.clientX,c=i.current.y-l.clientY;Math.abs(m-g.scrollLeft)+Math.abs(c-g.scrollTop)>3&&(i.current.moved=!0),g.scrollTo(m,c)}else if(l.type==="pointerup"){let m=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!u.zoomed&&l.pointerType==="touch"&&Math.abs(m)>40?le(m<0?1:-1):i.current&&!i.current.moved&&y({zoomed:!u.zoomed}),i.current=null}},_=M.isKept(n);return p`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${h.name[o]}, large`}
    onCancel=${l=>{l.preventDefault(),y(u.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${u.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${f}
      onPointerMove=${f}
      onPointerUp=${f}
      onPointerLeave=${()=>i.current=null}
    >
      ${G(h,o)?p`<p class="blank">Not scored: ${h.error[o]}</p>`:p`<${De}
              key=${u.zoomed}
              id=${n}
              side=${u.zoomed?3200:1600}
              wait=${0}
              alt=${h.name[o]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${a===0}
        onClick=${()=>le(-1)}
      >
        <${go} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=r.length-1}
        onClick=${()=>le(1)}
      >
        <${$o} />
      </button>
      <p class="about">
        <b>${O(h.score[o])}</b> <span class="file">${h.file(o)}</span>
        <span class="dim">${T(a+1)} of ${T(r.length)}</span
        >${!_&&p` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Nt} /><${jt} />
      <button
        type="button"
        class="round"
        aria-pressed=${u.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>y({zoomed:!u.zoomed})}
      >
        <${ko} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>y({large:!1})}
      >
        <${re} />
      </button>
    </div>
  </dialog>`}function ve({text:e,label:t,id:o}){let[n,r]=L(!1);return e?p`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${o}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${n?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),r(!0),q("Copied."),setTimeout(()=>r(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(o)),q("Selected: copy it with the keys of your system.")}}}
      >
        <${xo} />
      </button>
    </div>
  </div>`:null}function an(){let e=Ne();return p`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${u.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>y({filters:!u.filters})}
    >
      <${Mo} />Filter, order, keep
      <span class="pill"
        >${Ko()?`${T(U().rows.length)} shown`:`${B(e.pick,"pick")}, ${B(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${us} /><${ps} /><${fs} /><${hs} />
      <${ve} text=${u.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function us(){let e=D(null),t=D(null),{low:o,high:n,counts:r}=et(),s=Math.max(1,...r),a=(n-o)/ie,i=u.low??o,f=u.high??n,_=d=>d<=0||d>=ie?null:o+d*a,l=d=>{let{left:k,width:$}=e.current.getBoundingClientRect();return Math.max(0,Math.min(ie-1,Math.floor((d.clientX-k)/$*ie)))},g=d=>{if(d.type==="pointerdown"&&(d.currentTarget.setPointerCapture(d.pointerId),t.current=l(d)),t.current===null)return;let[k,$]=[t.current,l(d)].sort((w,b)=>w-b);y({low:_(k),high:_($+1)}),d.type==="pointerup"&&(t.current=null,J({}))},m=(d,k)=>{let $=Number(k);d==="low"?J({low:$<=0?null:Math.min(o+$*a,f)}):J({high:$>=ie?null:Math.max(o+$*a,i)})},c=(d,k,$)=>p`<input
      type="range"
      class=${d}
      min="0"
      max=${ie}
      step="0.25"
      value=${(k-o)/(a||1)}
      aria-label=${$}
      aria-valuetext=${O(k)}
      onInput=${w=>m(d,w.target.value)}
    />`;return p`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${e}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${g}
      onPointerMove=${d=>t.current!==null&&g(d)}
      onPointerUp=${g}
      onPointerCancel=${()=>t.current=null}
    >
      ${Array.from(r,(d,k)=>p`<i
            key=${k}
            class=${o+(k+.5)*a>=i&&o+(k+.5)*a<=f?"in":""}
            style=${{height:d?`${Math.max(4,100*d/s)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${c("low",i,"Lowest score shown")}${c("high",f,"Highest score shown")}
    </div>
    <p class="line">
      <span>${O(i)}</span>
      ${u.low!==null||u.high!==null?p`<button type="button" class="link" onClick=${()=>J({low:null,high:null})}>
              all scores
            </button>`:p`<span class="dim">to</span>`}
      <span>${O(f)}</span>
    </p>
  </section>`}function ps(){let e=Math.max(1,h.scored),t=n=>y({keep:Math.max(0,Math.min(e,Math.round(Number(n)||0)))}),o=U().proposed.size;return p`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${u.keep}
        onInput=${n=>t(n.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(u.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${u.keep}`}
      onInput=${n=>t((n.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${u.single} onChange=${n=>Y("single",n.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!o} onClick=${Wo}>
      ${o?`Pick the best ${T(o)}`:"Pick the best"}
    </button>
  </section>`}function fs(){let e=Ne();return p`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(Je).map(([t,o])=>(e[t]>0||["all","pick","reject","none",u.show].includes(t))&&p`<label key=${t} class=${u.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${u.show===t}
              onChange=${()=>J({show:t})}
            />
            <span>${o}</span><span class="dim" id=${`n-${t}`}>${T(e[t])}</span></label
          >`)}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${!1}
        value=${u.query}
        onInput=${t=>J({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${B(U().rows.length,"photograph")} shown</p>
  </section>`}function hs(){return p`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${u.order}
      onChange=${e=>J({order:e.target.value})}
    >
      ${Object.entries(Ye).map(([e,t])=>p`<option key=${e} value=${e} selected=${u.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${u.fold}
        onChange=${e=>Y("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${u.advance} onChange=${e=>Y("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${u.size}
        onInput=${e=>Y("size",Number(e.target.value))}
    /></label>
  </section>`}function ln(){return p`<div class=${`cull ${u.filters?"with-filters":""} ${u.details?"with-details":""}`}>
    <${an} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${Qo} /></main>
    <${sn} />
    ${u.large&&p`<${rn} />`}
  </div>`}function un({title:e,children:t}){let o=D(null);Q(()=>{let r=document.activeElement;return o.current.showModal(),()=>(r?.isConnected?r:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let n=()=>y({dialog:""});return p`<dialog
    class="box"
    ref=${o}
    aria-labelledby="h-dialog"
    onClose=${n}
    onClick=${r=>r.target===o.current&&n()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${n}>
          <${re} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function pn(){let e=[...new Set(tt.map(t=>t.group))];return p`<${un} title="All keys">
    <div class="keys">
      ${e.map(t=>p`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${tt.filter(o=>o.group===t).map(o=>p`<div key=${o.text}>
                    <dt>${o.label.map(n=>n==="…"?"–":p`<kbd>${n}</kbd> `)}</dt>
                    <dd>${o.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${u.letters}
        onChange=${t=>Y("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var ds={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},cn={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function fn(){let[e,t]=L({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[o,n]=L(null),[r,s]=L(!1),a=c=>{t({...e,...c}),n(null)},i=Ne(),f={picks:i.pick,rejects:i.reject,all:i.all},_={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=c=>`${cn[c]}${f[c]===void 0?"":` (${T(f[c])})`}`,g=e.what==="links"||e.what==="copies";return p`<${un} title="Export">
    <form onSubmit=${async c=>{c.preventDefault(),s(!0);try{let d={what:e.what,only:e.only};e.what==="xmp"&&(d.xmp_name=e.xmp_name),g&&(d.folder=e.folder);let k=await Te("/api/export",d);n(k),q(`Wrote ${k.written} to ${k.where}.`)}catch(d){n({error:d.message})}s(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(ds).map(([c,[d,k]])=>p`<label key=${c} class="check">
              <input
                type="radio"
                name="what"
                value=${c}
                checked=${e.what===c}
                onChange=${()=>a({what:c})}
              /><span><b>${d}</b> <span class="dim">${k}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${c=>a({only:c.target.value})}>
          ${Object.keys(cn).map(c=>p`<option key=${c} value=${c} selected=${e.only===c}>${l(c)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&p`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${c=>a({xmp_name:c.target.value})}>
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
          <input type="text" required value=${e.folder} onInput=${c=>a({folder:c.target.value})}
        /></label>`}
      <p class="line end">
        ${e.what==="csv"&&p`<a class="button" href=${`/api/export.csv?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${r||M.queue.length>0}>
          ${r?"Writing…":"Write"}
        </button>
      </p>
      ${M.queue.length>0&&p`<p class="warn">${B(M.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${o&&p`<div class="answer" role="status">
        ${o.error?p`<p class="warn">${o.error}</p>`:p`<p>${`Wrote ${B(o.written,_)} to `}<span class="path">${o.where}</span></p>
                ${o.skipped?.length>0&&p`<p>Left as they are: ${T(o.skipped.length)}</p>
                    <ul class="skipped">
                      ${o.skipped.slice(0,50).map(c=>p`<li key=${c}>${c}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var Lt=(e,t,o)=>1/(1+Math.exp((t-e)/o));function ms(e,t,o,n){let r=1-n,s=Math.sqrt(n*n+r*r+2*n*r*o);return s>0?(n*e+r*t)/s:0}var At=e=>e.top_k.k.length+(e.whole?1:0),Dt=(e,t)=>t>=e.top_k.k.length;function Ut(e,t,o=1){let n=Dt(e,t),r=s=>{let a=n?e.whole[s]:e.top_k[s][t],i=n?e.whole[`${s}_to_mean`]:e.top_k[`${s}_to_mean`][t];return o>=1?a:ms(a,e.mean[s],i,o)};return Lt(r("good"),r("bad"),e.temperature)}function dn(e){let[t,o=""]=e.method.split(/:(.*)/s),n=Object.fromEntries(o.split(",").map(i=>i.split("="))),r={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",s=e.top_k.k,a=t==="retrieval"&&!n.top_k&&e.whole;return{kind:n.mode==="joint"?"":r,k:a?s.length:hn(s,Number(n.top_k??Math.min(16,s.length))),offset:e.offset?hn(e.offset.offset,Number(n.offset??.2)):0,blend:Number(n.blend??1)}}var zt=(e,t)=>Lt(e.offset.good[t],e.offset.bad[t],e.temperature),It=e=>Lt(e.mean.good,e.mean.bad,e.temperature);function hn(e,t){let o=0;for(let n=1;n<e.length;n++)Math.abs(e[n]-t)<Math.abs(e[o]-t)&&(o=n);return o}var Z=1e3,mn=(e,t)=>Math.round(Math.exp(e/Z*Math.log(t))-1),Bt=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*Z:0;function qt(e,t,o,n,r,s){let a=[],i=-10;for(let f=0;f<e;f++){let _=t(f);if(_-i<Z/300&&f<e-1)continue;i=_;let l=s-(o(f)-n)/(r-n||1)*s;a.push(`${a.length?"L":"M"}${_.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var ue=300;function gn({why:e}){return e.curves?p`<${_s} why=${e} />`:p`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function _s({why:e}){let{curves:t,commands:o}=e,[n]=L(()=>dn(t)),[r,s]=L(n.kind||"top_k"),[a,i]=L(n.k),[f,_]=L(n.offset),[l,g]=L(n.blend),m=At(t),c=v=>{s("top_k"),i(v)},d=v=>c(P=>Math.max(0,Math.min(m-1,P+v)));I(()=>{let v=P=>{P.key!=="["&&P.key!=="]"||P.target.matches("input:not([type=range], [type=radio]), textarea")||d(P.key==="]"?1:-1)};return addEventListener("keydown",v),()=>removeEventListener("keydown",v)},[t]);let k=Xe(()=>gs(t,l),[t,l]),$={mean:It(t),top_k:Ut(t,a,l),offset:t.offset&&zt(t,f)},w=Dt(t,a),b=w?"all":t.top_k.k[a],C=t.offset?.offset[f],S={mean:"mean of all",top_k:w?"all by likeness":`the ${T(b)} nearest a side`,offset:`offset ${O(C??0)}`},x=v=>v?.replace("{k}",b).replace("{offset}",String(C)).replace("{blend}",String(l)),z=`${w?"whole":"top_k"}${l<1?"_blend":""}`,K={mean:o.mean,offset:x(o.offset),top_k:x(o[z])}[r],R={mean:n.kind==="mean",offset:n.kind==="offset"&&f===n.offset,top_k:n.kind==="top_k"&&a===n.k&&l===n.blend};return p`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${W($[r])}</b>
        <span class="dim">${S[r]}${r==="top_k"&&l<1?`, blend ${O(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(S).filter(v=>$[v]!==null&&$[v]!==void 0).map(v=>p`<label key=${v} class=${r===v?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${r===v} onChange=${()=>s(v)} />
              <span>${S[v]}${R[v]?" (in force)":""}</span><b>${W($[v])}</b></label
            >`)}
    </fieldset>
    <${_n}
      title="Anchors a side (k)"
      kind="top_k"
      d=${k.top_k}
      drawn=${k}
      at=${Bt(a,m)}
      score=${$.top_k}
      ends=${[1,t.whole?"all":T(m)]}
      text=${`k = ${b}, score ${W($.top_k)}`}
      onStep=${v=>c(mn(v,m))}
      onKey=${d}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${O(l)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${l}
        aria-valuetext=${`${O(l)}, score ${W($.top_k)}`}
        onInput=${v=>{s("top_k"),g(Number(v.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&p`<${_n}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${k.offset}
        drawn=${k}
        at=${f/Math.max(1,t.offset.offset.length-1)*Z}
        score=${$.offset}
        ends=${[O(t.offset.offset[0]),O(t.offset.offset.at(-1))]}
        text=${`offset = ${C}, score ${W($.offset)}`}
        onStep=${v=>{s("offset"),_(Math.round(v/Z*(t.offset.offset.length-1)))}}
        onKey=${v=>{s("offset"),_(P=>Math.max(0,Math.min(t.offset.offset.length-1,P+v)))}}
      />`}
    <${ve} text=${K} label="The command that gives this number" id="way-command" />
  </section>`}function gs(e,t){let{offset:o}=e,n=At(e),r=o?.offset.length??0,s=[];for(let l=0;l<n;l++)s.push(Ut(e,l,t));for(let l=0;l<r;l++)s.push(zt(e,l));s.push(It(e));let a=Math.min(...s),i=Math.max(...s),f=(a+i)/2,_=Math.max((i-a)*.55,.05);return a=Math.max(0,f-_),i=Math.min(1,f+_),{low:a,up:i,top_k:n?qt(n,l=>Bt(l,n),l=>s[l],a,i,ue):"",offset:r?qt(r,l=>l/Math.max(1,r-1)*Z,l=>s[n+l],a,i,ue):""}}function _n({title:e,kind:t,d:o,drawn:n,at:r,score:s,ends:a,text:i,onStep:f,onKey:_}){let l=ue-(s-n.low)/(n.up-n.low)*ue,g={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},m=c=>{c.key in g&&(c.preventDefault(),_(g[c.key]))};return p`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${Z} ${ue}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${Z} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${Z} y1=${ue} y2=${ue} />
      <path d=${o} />
      <line class="cursor" x1=${r} x2=${r} y1="0" y2=${ue} />
      <line class="level" x1="0" x2=${r} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${O(n.up)}</span><span class="low dim">${O(n.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${Z}
      step="any"
      value=${r}
      aria-valuetext=${i}
      onInput=${c=>f(Number(c.target.value))}
      onKeyDown=${m}
    />
    <p class="line dim"><span>${a[0]}</span><b>${i.replace(", score"," →")}</b><span>${a[1]}</span></p>
  </div>`}var $n=new Map,$s="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",bs=64*2**20;function bn({id:e}){let[t,o]=L(""),[n,r]=L(""),[s,a]=L(!1),i=D(null),f=ot(e,0),_=h.rows.get(e),l=$n.get(e)??(_===void 0?"":h.name[_]),g=async m=>{if(m){if(m.size>bs)return r("The image is larger than 64 MB: save a smaller one.");r(""),o(m.name||"the image");try{let c=await Ao("/api/images",m);Pt(c),$n.set(c.id,m.name||"pasted image"),ce("one",c.id),q(`Score ${W(c.score)}`)}catch(c){c.gone?de(c):r(c.message)}o("")}};return I(()=>{let m=b=>[...b?.files??[]][0],w={paste:b=>{let C=m(b.clipboardData);C&&b.preventDefault(),g(C)},drop:b=>{b.preventDefault(),a(!1),g(m(b.dataTransfer))},dragover:b=>{b.preventDefault(),a(!0)},dragleave:b=>b.relatedTarget===null&&a(!1)};for(let[b,C]of Object.entries(w))addEventListener(b,C);return()=>Object.entries(w).forEach(([b,C])=>removeEventListener(b,C))},[]),I(()=>document.getElementById("content").focus({preventScroll:!0}),[]),p`<main
    id="content"
    class=${`one ${s?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&p`<div class="preview"><${De} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&p`<p class="file">${l}</p>`}
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
          onChange=${m=>{g(m.target.files[0]),m.target.value=""}}
        />
      </div>
      ${n&&p`<p class="warn" role="alert">${n}</p>`}
      ${f&&p`<div class="number">
            <p class="score"><b id="score">${W(f.score)}</b> <span class="dim">${f.curves?.method}</span></p>
          </div>
          <${nt} value=${f.opinion} low=${f.low} high=${f.high} />
          <${st} value=${f.familiarity} />
          <${ve} text=${f.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&p`<p class="dim">${$s}</p>`}
    </section>
    ${f?p`<section class="neighbours" aria-label="Nearest anchors">
              <${we}
                side="good"
                list=${f.good}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest good anchors, with their share of the side"
              />
              <${we}
                side="bad"
                list=${f.bad}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest bad anchors"
              />
              ${f.scale&&p`<p class="dim">Ratings: ${f.scale}.</p>`}
            </section>
            <${gn} key=${e} why=${f} />`:e!==null&&p`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var kn={cull:"Cull",one:"One image"};function yn(){let[e,t]=location.hash.slice(1).split("/");y({view:kn[e]?{name:e,id:t?Number(t):null}:{name:"cull",id:null},large:!1,dialog:""})}var ks=()=>u.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:u.theme==="dark";function wn(){let{theme:e}=u;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function ys(){let{server:e,view:t}=u,o=e?.index,n=Go(),r=ks(),s=`${B(h.n,"photograph")}${h.unlike?` · ${T(h.unlike)} unlike the anchors`:""}`;return p`<header class="top">
    <a class="skip" href="#content" onClick=${ws}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${o&&p`<p class="pill" title=${o.description}>${o.name} · ${o.method} · ${B(o.n_good+o.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(kn).map(([a,i])=>p`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${f=>a==="one"&&u.current>=0&&(f.preventDefault(),ce("one",h.id[u.current]))}
            >${i}</a
          >`)}
    </nav>
    ${n&&p`<div class="progress">
        <progress max="1" value=${n.share} aria-label="Scoring"></progress><span>${n.text}</span>
      </div>`}
    <div class="right">
      ${!n&&e&&p`<p class="pill counts">${s}</p>`}
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
        aria-label=${r?"Light colours":"Dark colours"}
        title=${r?"Light colours":"Dark colours"}
        onClick=${()=>Y("theme",r?"light":"dark")}
      >
        <${r?vo:wo} />
      </button>
    </div>
  </header>`}function ws(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function vs(){let e=M.queue.length;return u.problem?p`<div class="problem" role="alert">
    <p>
      ${u.problem}${e?` ${B(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>y({problem:""})}>Dismiss</button>
  </div>`:null}function xs(){let e=(t,...o)=>p`<span>${o.map(n=>n==="–"?"–":p`<kbd>${n}</kbd>`)} ${t}</span>`;return p`<footer>
    ${u.view.name==="cull"?p`<p class="hints">
            ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("undo","U")}
            ${e("stars","1","–","5")}${e("large","Space")}${e("burst","B")}${e("why","Enter")}${e("all keys","?")}
          </p>`:p`<p class="hints">${e("anchors a side","[","]")}${e("back","Esc")}${e("all keys","?")}</p>`}
    <p class="store">
      Nothing is ever
      deleted${u.server&&p` · marks are kept in <span class="path">${u.server.store}</span>`}
    </p>
  </footer>`}function Ms(){let[,e]=ge(t=>t+1,0);return I(()=>qo(e),[]),I(wn,[u.theme]),p`<${ys} /><${vs} />
    ${u.view.name==="one"?p`<${bn} id=${u.view.id} />`:p`<${ln} />`}
    <${xs} />
    ${u.dialog==="keys"&&p`<${pn} />`} ${u.dialog==="export"&&p`<${fn} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${u.said}</p>`}wn();yn();addEventListener("hashchange",yn);addEventListener("keydown",on);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>y());addEventListener("beforeunload",e=>M.queue.length&&e.preventDefault());ht(p`<${Ms} />`,document.getElementById("app"));Vo();
