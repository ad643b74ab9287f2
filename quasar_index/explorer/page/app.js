var Ht=function(e,t,n,o){var r;t[0]=0;for(var s=1;s<t.length;s++){var a=t[s++],i=t[s]?(t[0]|=a?1:2,n[t[s++]]):t[++s];a===3?o[0]=i:a===4?o[1]=Object.assign(o[1]||{},i):a===5?(o[1]=o[1]||{})[t[++s]]=i:a===6?o[1][t[++s]]+=i+"":a?(r=e.apply(i,Ht(e,i,n,["",null])),o.push(r),i[0]?t[0]|=2:(t[s-2]=0,t[s]=r)):o.push(i)}return o},Rt=new Map;function Wt(e){var t=Rt.get(this);return t||(t=new Map,Rt.set(this,t)),(t=Ht(this,t.get(e)||(t.set(e,t=(function(n){for(var o,r,s=1,a="",i="",f=[0],_=function(m){s===1&&(m||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?f.push(0,m,a):s===3&&(m||a)?(f.push(3,m,a),s=2):s===2&&a==="..."&&m?f.push(4,m,0):s===2&&a&&!m?f.push(5,0,!0,a):s>=5&&((a||!m&&s===5)&&(f.push(s,0,a,r),s=6),m&&(f.push(s,m,0,r),s=6)),a=""},l=0;l<n.length;l++){l&&(s===1&&_(),_(l));for(var g=0;g<n[l].length;g++)o=n[l][g],s===1?o==="<"?(_(),f=[f],s=3):a+=o:s===4?a==="--"&&o===">"?(s=1,a=""):a=o+a[0]:i?o===i?i="":a+=o:o==='"'||o==="'"?i=o:o===">"?(_(),s=1):s&&(o==="="?(s=5,r=a,a=""):o==="/"&&(s<5||n[l][g+1]===">")?(_(),s===3&&(f=f[0]),s=f,(f=f[0]).push(2,0,s),s=0):o===" "||o==="	"||o===`
`||o==="\r"?(_(),s=2):a+=o),s===3&&a==="!--"&&(s=4,f=f[0])}return _(),f})(e)),t),arguments,[])).length>1?t:t[0]}var E,Xt,vo,oe,st,Be,Vt,Ue,Gt,at,rt,xo,xe=Symbol.for("pv"),qe={},Re=[],Mo=/^m(i|n|o|s|text|space)$/,it=Array.isArray,lt=Re.slice,fe=Object.assign;function pe(e){e&&e.parentNode&&e.remove()}function Yt(e,t,n){var o,r,s,a={},i=arguments.length;for(s in t)s=="key"?o=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return i>2&&(a.children=i>3?lt.call(arguments,2):n),ve(e,a,o,r,null)}function ve(e,t,n,o,r){var s={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:xe,__v:r||++Xt,__i:-1,__u:0};return!r&&E.vnode&&E.vnode(s),s}function He(e){return e.children}function ze(e,t){this.props=e,this.context=t,this.__g=0}function se(e,t){if(t==null)return e.__&&se(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:se(e)}function Co(e){var t,n=e.__v,o=n.__e,r=[],s=[],a=e.__P;a&&((t=fe({constructor:xe},n)).__v=n.__v+1,E.vnode&&E.vnode(t),ct(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||se(n),32&n.__u,s),t.__v=n.__v,t.__.__k[t.__i]=t,nn(r,t,s),n.__=n.__e=null,t.__e!=o&&Jt(t))}function Jt(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Jt(e)}function Ft(e){(8&e.__g||(e.__g|=8,oe.push(e),Be++))&&st==E.debounceRendering||((st=E.debounceRendering)||queueMicrotask)(Zt)}function Zt(){try{for(var e,t=1;oe.length;)oe.length>t&&oe.sort(Vt),e=oe.shift(),t=oe.length,8&e.__g&&Co(e)}finally{(Be=oe.length)&&(st||queueMicrotask)(Zt)}}function Qt(e,t,n,o,r,s,a,i,f,_,l){var g,m,c,d,k,$,w=o.__k||Re,b=t.length;for(f=So(n,t,w,f,b),g=0;g<b;g++)(c=n.__k[g])!=null&&(m=~c.__i&&w[c.__i]||qe,c.__i=g,$=ct(e,c,m,r,s,a,i,f,_,l),d=c.__e,(m.ref!=c.ref||8&m.__u)&&(m.ref&&ut(m.ref,null,c,m),c.ref&&l.push(c.ref,c.__c||d,c)),k=k||d,4&c.__u?(f=en(c,f,e,!m.__v),m.__e&&(m.__e=null)):typeof c.type=="function"&&$!==void 0?f=$:d&&(f=d.nextSibling),c.__u&=-21);return n.__e=k,f}function So(e,t,n,o,r){var s,a,i,f,_,l,g,m,c,d=n.length,k=d,$=0,w=0,b=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=b[s]=ve(null,a):it(a)?a=b[s]=ve(He,{children:a}):a.constructor===xe&&a.__b?a=b[s]=ve(a.type,a.props,a.key,a.ref,a.__v):b[s]=a,f=s+$,a.__=e,a.__b=e.__b+1,i=null,~(_=a.__i=Eo(a,n,f,k))&&(k--,(i=n[_])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,_==f-1?$--:_==f+1?$++:_!=f&&(_>f?$--:$++,w=1)):(~_||(r>d?$--:r<d&&$++),typeof a.type!="function"&&(a.__u|=4))):b[s]=null;if(w){for(l=[],g=[],s=0;s<r;s++)if((a=b[s])&&16&a.__u){for($=0,m=l.length;$<m;)l[c=$+m>>1]<a.__i?$=c+1:m=c;l[$]=a.__i,g[s]=$+1}for($=l.length;s--;)g[s]&&(g[s]==$?$--:b[s].__u|=4)}if(k)for(s=0;s<d;s++)!(i=n[s])||2&i.__u||(i.__e==o&&(o=se(i)),pt(i,i));return o}function en(e,t,n,o){var r,s,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=en(r[s],t,n,!1));return t}for(t&&!t.parentNode&&(t=se(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Eo(e,t,n,o){var r,s=e.key,a=e.type,i=t[n],f=i&&!(2&i.__u);if(i===null&&s==null||f&&s==i.key&&a==i.type)return n;if(o>(f?1:0)){for(r=n-1;r>=0;r--)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r;for(r=n+1;r<t.length;r++)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r}return-1}function Kt(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function De(e,t,n,o,r){var s,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Kt(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Kt(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=rt[t]||(rt[t]=Oo(t)),(e.__a||(e.__a={}))[t]=at,s=t!=(t=t.replace(Gt,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function Oo(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[Ue]==null)t[Ue]=at++;else if(t[Ue]<this.__a[e])return;return n(E.event?E.event(t):t)}}}function ct(e,t,n,o,r,s,a,i,f,_){var l,g,m,c,d,k,$,w,b,M,S,C,z,K,q,v,P,X,F=t.type;if(t.constructor!==xe)return null;128&n.__u&&(f=32&n.__u,l=n.__c.__z)&&(t.__u|=f,g=s=[],l.nodeType==8?i=Ie(l,s):s.push(l),i=s[0]||i),(l=E.__b)&&l(t);e:if(typeof F=="function"){m=a.length;try{if(w=t.props,b=(l=F.prototype)&&l.render,M=(l=F.contextType)&&o[l.__c],S=l?M?M.props.value:l.__:o,(c=n.__c)?(t.__c=c,2&c.__g&&(c.__g|=1)):(b?t.__c=c=new F(w,S):(t.__c=c=new ze(w,S),c.constructor=F,c.render=To),M&&M.sub(c),c.state||(c.state={}),c.__n=o,c.__g|=8,c.__h=[],c.__k=[]),b&&(c.__s||(c.__s=c.state),F.getDerivedStateFromProps&&(c.__s==c.state&&(c.__s=fe({},c.__s)),fe(c.__s,F.getDerivedStateFromProps(w,c.__s)))),d=c.props,k=c.state,c.__v=t,n.__c){if(w!==d&&b&&!F.getDerivedStateFromProps&&c.componentWillReceiveProps&&c.componentWillReceiveProps(w,S),t.__v==n.__v&&!(8&c.__g)||!(4&c.__g)&&c.shouldComponentUpdate&&c.shouldComponentUpdate(w,c.__s,S)===!1){t.__v!=n.__v&&(c.props=w,c.state=c.__s,c.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(V){V&&(V.__=t)}),Re.push.apply(c.__h,c.__k),c.__k=[],c.__h.length&&a.push(c),i=se(n);break e}c.componentWillUpdate&&c.componentWillUpdate(w,c.__s,S),b&&c.componentDidUpdate&&c.__h.push(function(){c.componentDidUpdate(d,k,$)})}else b&&!F.getDerivedStateFromProps&&c.componentWillMount&&c.componentWillMount(),b&&c.componentDidMount&&c.__h.push(c.componentDidMount);c.context=S,c.props=w,c.__P=e,c.__g&=-5,C=E.__r,z=b?25:0;do c.__g&=-9,C&&C(t),l=c.render(c.props,c.state=c.__s,c.context);while(8&c.__g&&++z<25);b&&(Re.push.apply(c.__h,c.__k),c.__k=[]),c.state=c.__s,c.getChildContext&&(o=fe({},o,c.getChildContext())),b&&n.__c&&c.getSnapshotBeforeUpdate&&($=c.getSnapshotBeforeUpdate(d,k)),K=l&&l.type===He&&l.key==null?l.props.children:l,w.__P&&(l=i,r=(e=w.__P).namespaceURI,f=s=null,n.props&&n.props.__P!=e&&(n.__k.some(function(V){V&&pt(V,V)}),n.__k=null),i=n.__k?se(n,0):null),i=Qt(e,it(K)?K:[K],t,n,o,r,s,a,i,f,_),w.__P&&(t.__e=null,i=l),t.__u&=-161,g&&g.some(pe),c.__h.length&&a.push(c),1&c.__g&&(c.__g&=-4)}catch(V){if(a.length=m,t.__v=null,f||s)if(V&&V.then){if(t.__u|=128|f,s){for(~(P=s.indexOf(i||void 0))||(P=s.length);(X=s[P-1])&&X.nodeType==8;)P--;for(;P<s.length;P++)if(X=s[P])if(s[P]=null,q){if(X==v)break}else{if(X.nodeType!=8)break;X.data.startsWith("$s")&&(v=Ie(q=X))}}if(!q){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;q=i}(l=Ie(q=t.__c.__z||(t.__c.__z=q)))?(t.__e=q,i=l):t.__e=i,i=i&&i.nextSibling}else s&&s.some(pe);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),V&&V.then||tn(t),E.__e(V,t,n)}}else i=t.__e=Po(n.__e,t,n,o,r,s,a,f,_,e);return(l=E.diffed)&&l(t),i}function Ie(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function tn(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(tn))}function nn(e,t,n){for(var o=0;o<n.length;)ut(n[o++],n[o++],n[o++]);E.__c&&E.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){E.__e(s,r.__v)}})}function Po(e,t,n,o,r,s,a,i,f,_){var l,g,m,c,d,k,$,w,b=n.props||qe,M=t.props,S=t.type;if(S=="svg"?r="http://www.w3.org/2000/svg":S=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(l=0;l<s.length;l++)if((d=s[l])&&(S?d.localName==S:d.nodeType==3)){e=d,s[l]=null;break}}if(!e){if(w=_.ownerDocument||document,!S)return w.createTextNode(M);e=w.createElementNS(r,S,M.is?M:_),i&&(E.__m&&E.__m(t,s),i=!1),s=null}if(S){if(_=S=="template"&&e.content||e,s=S=="textarea"&&M.defaultValue!=null?null:s&&lt.call(_.childNodes),!i&&s)for(b={},l=0;l<e.attributes.length;l++)b[(d=e.attributes[l]).name]=d.value;for(l in b)d=b[l],l=="dangerouslySetInnerHTML"?m=d:l=="children"||l in M||l=="value"&&"defaultValue"in M||l=="checked"&&"defaultChecked"in M||De(e,l,null,d,r);for(l in M)d=M[l],l=="children"?c=d:l=="dangerouslySetInnerHTML"?g=d:l=="value"?k=d:l=="checked"?$=d:i&&typeof d!="function"||b[l]===d||De(e,l,d,b[l],r);g?(i||m&&(g.__html==m.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(m&&(e.textContent=""),(S=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Mo.test(S))&&(r="http://www.w3.org/1999/xhtml"),Qt(_,it(c)?c:[c],t,n,o,r,s,a,s?s[0]:n.__k&&se(n,0),i,f),s&&s.some(pe)),i&&S!="textarea"||(l="value",S=="progress"&&k==null?e.removeAttribute(l):k==null||k===e[l]&&(S!="progress"||k)||De(e,l,k,b[l],r),l="checked",$!=null&&$!=e[l]&&De(e,l,$,b[l],r))}else b===M||i&&e.data==M||(e.data=M);return e}function ut(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){E.__e(r,n)}}function pt(e,t,n){var o,r,s,a;if(E.unmount&&E.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ut(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(i){E.__e(i,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&pt(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=Ie(o,s=[]))&&(o==e.__e&&s.some(pe),pe(r),pe(o)),n||pe(e.__e),e.__e=e.__c=e.__=null}function To(e,t,n){return this.constructor(e,n)}function ft(e,t){var n,o,r,s;E.__&&E.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=ve(He,{children:[e]}),r=[],s=[],ct(t,t.__k,o||qe,qe,t.namespaceURI,o?null:t.firstChild?lt.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,s),nn(r,t.__k,s),t.__k.props.children=null}E={__e:function(e,t,n,o){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(i){e=i}}throw Be=0,e}},Xt=0,vo=function(e){return e!=null&&e.constructor===xe},ze.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=fe({},this.state)),typeof e=="function"&&(e=e(fe({},n),this.props)),e&&(fe(n,e),this.__v&&(t&&this.__k.push(t),Ft(this)))},ze.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Ft(this))},ze.prototype.render=He,oe=[],Be=0,Vt=function(e,t){return e.__v.__b-t.__v.__b},Ue=Symbol(),Gt=/(PointerCapture)$|Capture$/i,at=0,rt={},xo=0;var _e,j,ht,on,dt=Object.is,We=0,hn=[],mt=[],N=E,sn=N.__b,rn=N.__r,an=N.diffed,ln=N.__c,cn=N.unmount,un=N.__;function Fe(e,t){N.__h&&N.__h(j,e,We||t),We=0;var n=j.__H||(j.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function A(e){return We=1,ge(dn,e)}function ge(e,t,n){var o=Fe(_e++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):dn(void 0,t),function(s){var a=(o.__N||o.__)[0],i=o.t(a,s);dt(a,i)||(o.__N=[i,o.__[1]],o.__c.setState({}))}],o.__c=j,!j.__f)){j.__f=!0;var r=j.shouldComponentUpdate;j.shouldComponentUpdate=function(s,a,i){var f=this.__H;if(!f)return!0;var _=!1,l=this.props!=s;if(f.__.some(function(m){m.__N&&(_=!0,dt(m.__[0],m.__N[0])||(l=!0))}),r){var g=r.call(this,s,a,i);return _?g||l:g}return!_||l}}return o.__}function I(e,t){var n=Fe(_e++,3);!N.__s&&gt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,j.__H.__h.push(n))}function Q(e,t){var n=Fe(_e++,4);!N.__s&&gt(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,j.__h.push(n))}function D(e){return We=5,Ke(function(){return{current:e}},[])}function Ke(e,t){var n=Fe(_e++,7);return gt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function No(){var e;do{for(;e=mt.shift();)try{Me(e)}catch(n){N.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=hn.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Me),t.__h.some(_t),t.__h=[]}catch(n){t.__h=[],N.__e(n,e.__v)}}}while(mt.length)}N.__b=function(e){j=null,sn&&sn(e)},N.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),un&&un(e,t)},N.__r=function(e){rn&&rn(e),_e=0;var t=(j=e.__c).__H;t&&(ht==j?j.__h=[]:(t.__h.some(Me),t.__h.some(_t),_e=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),ht=j},N.diffed=function(e){an&&an(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&fn(hn.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),ht=j=null},N.__c=function(e,t){t.some(function(n){try{n.__h.some(Me),n.__h=n.__h.filter(function(o){return!o.__||_t(o)})}catch(o){n.__h=[function(){throw o}]}}),ln&&ln(e,t)},N.unmount=function(e){cn&&cn(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,fn(mt.push(r))}else Me(r)}catch(s){t=s}}),o.__H=void 0,t&&N.__e(t,o.__v))};var pn=typeof requestAnimationFrame=="function";function jo(e){var t,n=function(){clearTimeout(o),pn&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);pn&&(t=requestAnimationFrame(n))}function fn(e){e!=1&&on==N.requestAnimationFrame||((on=N.requestAnimationFrame)||jo)(No)}function Me(e){var t=j,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),j=t}function _t(e){var t=j;e.__c=e.__(),j=t}function gt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!dt(n,e[o])})}function dn(e,t){return typeof t=="function"?t(e):t}var p=Wt.bind(Yt);var H=(e,t=!1)=>n=>p`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${n}
    >
      <path d=${e} />
    </svg>`,Xe=H("M3 8.5 6.5 12 13 4.5"),re=H("M4 4l8 8M12 4l-8 8"),Ve=H("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),mn=H("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),_n=H("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),gn=H("M10 3 5 8l5 5"),$n=H("M6 3l5 5-5 5"),bn=H("M3 10l5-5 5 5"),kn=H("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),yn=H("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),wn=H("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),vn=H("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),xn=H("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),Mn=H("M2 4h12M4.5 8h7M6.5 12h3");var Cn=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var Ce=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.bursts=new Map;for(let t of Cn)this[t]=[]}append(t){let n=[];for(let o=0;o<t.id.length;o++){if(this.rows.has(t.id[o]))continue;n.push(o),this.rows.set(t.id[o],this.n);for(let s of Cn)this[s].push(t[s]?.[o]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let r=this.familiarity[this.n];r!==null&&r<.05&&(this.unlike+=1),this.n+=1}return n.length&&(this.version+=1),n}group(t){for(let o=0;o<this.n;o++)this.burst[o]=t[this.id[o]];let n=new Map;for(let o=0;o<this.n;o++){let r=this.burst[o];r!=null&&(n.has(r)?n.get(r).push(o):n.set(r,[o]))}this.bursts=new Map([...n].filter(([,o])=>o.length>1));for(let o of this.bursts.values())o.sort((r,s)=>(this.score[s]??-1)-(this.score[r]??-1)||r-s);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let n=this.name[t]??"";return n.slice(n.lastIndexOf("/")+1)}};var Ge={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first"},Ye={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function $t(e,t,n){let o=new Float64Array(e);for(let s=0;s<e;s++){let a=t[s];o[s]=a==null?1/0:n*a}let r=new Uint32Array(e);for(let s=0;s<e;s++)r[s]=s;return r.sort((s,a)=>o[s]<o[a]?-1:o[s]>o[a]?1:s-a)}var Lo=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function bt(e,t){let n=e.n;if(t==="name"){let o=e.name.map(Lo),r=Uint32Array.from({length:n},(a,i)=>i),s=(a,i)=>o[a]<o[i]?-1:o[a]>o[i]?1:a-i;return r.sort((a,i)=>e.folder[a]-e.folder[i]||s(a,i))}return t==="time"?$t(n,e.taken,1):t==="strange"?$t(n,e.familiarity,1):$t(n,e.score,t==="worst"?1:-1)}function Ao(e,t,n){let o=r=>t.of(e.id[r]);return{all:()=>!0,pick:r=>o(r).mark==="pick",reject:r=>o(r).mark==="reject",none:r=>o(r).mark===""&&!G(e,r),stars:r=>o(r).stars>0,burst:r=>e.burstOf(r).length>1,unlike:r=>e.familiarity[r]!==null&&e.familiarity[r]<.05,broken:r=>G(e,r)}[n]}var G=(e,t)=>!!e.error[t]||e.score[t]===null;function Sn(e,t,n,{show:o,low:r,high:s,query:a,fold:i,open:f}){let _=Ao(t,n,o),l=a.trim().toLowerCase(),g=[],m=i&&t.bursts.size>0,c=new Map,d=k=>{let $=t.score[k];return r!==null&&!($!==null&&$>=r)||s!==null&&!($!==null&&$<=s)||l&&!(t.name[k]??"").toLowerCase().includes(l)?!1:_(k)};for(let k of e)if(d(k)){if(m){let $=t.burstOf(k);if($.length>1){let w=t.burst[k];c.has(w)||c.set(w,$.find(d));let b=c.get(w);if(f.has(w)){k===b&&g.push(...$.filter(d));continue}if(k!==b)continue}}g.push(k)}return Uint32Array.from(g)}function En(e,t,n,o,r){let s=new Set,a=new Set;for(let i of e){if(s.size>=o)break;if(!(G(t,i)||n.of(t.id[i]).mark==="reject")){if(r&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}s.add(i)}}return s}function On(e,t){let n=1/0,o=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<n&&(n=i),i>o&&(o=i))}let r=new Uint32Array(t);if(n>o)return{low:0,high:1,counts:r};let s=(o-n)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(r[Math.min(t-1,Math.floor((i-n)/s))]+=1)}return{low:n,high:o,counts:r}}var Ee="";function Pn(e){Ee=e?`run=${encodeURIComponent(e)}`:""}var Do=12,ae=new Map;function Je(e,t=1600){let n=Tn(e,t),o=ae.get(n);if(o&&!o.failed)return ae.delete(n),ae.set(n,o),o;o=new Image,o.decoding="async",o.alt="",o.draggable=!1,o.src=n,o.ready=o.decode().then(()=>o.done=!0,()=>o.failed=!0),ae.set(n,o);for(let[r,s]of ae){if(ae.size<=Do)break;s.isConnected||ae.delete(r)}return o}var Tn=(e,t)=>`/photo/${e}?side=${t}${Ee&&`&${Ee}`}`,Nn=(e,t=1600)=>!!ae.get(Tn(e,t))?.done,Oe=e=>`/thumb/${e}${Ee&&`?${Ee}`}`;var he=class extends Error{constructor(t,{gone:n=!1,status:o=0}={}){super(t),this.gone=n,this.status=o}},jn="The server has stopped: run the command again.",Uo="This page is not known to the server any more: open the address that the command printed.",Ln="";function kt(e){Ln=e??""}async function yt(e,t){let n;try{n=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(s){throw s.name==="AbortError"?s:new he(jn,{gone:!0})}let o=null;try{o=await n.json()}catch(s){if(s.name==="AbortError")throw s;if(n.ok)throw new he(jn,{gone:!0})}if(n.ok)return o;let r=n.status;throw r===401||r===403?new he(Uo,{gone:!0,status:r}):r===409?new he("The command was started again: this page loads anew.",{gone:!0,status:r}):new he(o?.error??`The server answered ${r}.`,{status:r})}var ee=(e,t)=>yt(e,{signal:t}),Pe=(e,t)=>yt(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":Ln},body:JSON.stringify(t)}),An=(e,t)=>yt(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),$e=e=>new Promise(t=>setTimeout(t,e));var zo=Object.freeze({mark:"",stars:0}),Ze=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??zo}isKept(t){return!this.unkept.has(t)}async load(){this._take((await ee("/api/marks")).marks,!0)}arrive(t,n){let o=!1;for(let r of n){let s=t.id[r];!t.mark?.[r]&&!t.stars?.[r]||this.unkept.has(s)||(this.states.set(s,{mark:t.mark[r],stars:t.stars[r]}),o=!0)}o&&this._changed()}waitingFor(t){return this.queue.filter(n=>n.before).map(({ids:n,body:o})=>({names:n.map(t),body:o}))}async resend(t,n){for(let{names:o,body:r}of t){let s=o.map(a=>n.get(a)).filter(a=>a!==void 0);s.length&&await Pe("/api/marks",{...r,ids:s})}}set(t,n){let o=t.map(r=>[r,this.of(r)]);for(let r of t)this.states.set(r,{...this.of(r),...n});this.queue.push({path:"/api/marks",body:{ids:t,...n},ids:t,before:o}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[n,o]of t.before)this.states.set(n,o);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:n}=await Pe(t.path,t.body);this._done(t);let o=new Set(this.queue.flatMap(r=>r.ids));this._take(Object.fromEntries(Object.entries(n??{}).filter(([r])=>!o.has(Number(r)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(n??{}).map(Number))}catch(n){if(this.on.failed(n),n.gone){for(this.waiting=!0;!this.on.isBack();)await $e(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let n=this.queue.indexOf(t);n>=0&&this.queue.splice(n,1)}_take(t,n){n&&(this.states=new Map);for(let[o,{mark:r,stars:s}]of Object.entries(t??{}))this.states.set(Number(o),{mark:r??"",stars:s??0});if(n)for(let o of this.queue)this._again(o);this._changed()}_again({ids:t,body:n}){let{mark:o,stars:r}=n;for(let s of t)this.states.set(s,{mark:o??this.of(s).mark,stars:r??this.of(s).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:n,stars:o}of this.states.values())n&&(t[n]+=1),o&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(n=>n.ids)),this.version+=1,this.on.changed()}};var O=e=>e==null?"–":e.toFixed(2),W=e=>e==null?"–":e.toFixed(4),be=e=>e==null?"–":e.toFixed(1),Io=new Intl.NumberFormat("en"),T=e=>Io.format(e),B=(e,t)=>`${T(e)} ${t}${e===1?"":"s"}`;function Dn(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[Bo.select(e)];return`${T(e)}${t}`}var Bo=new Intl.PluralRules("en",{type:"ordinal"});function Un(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function zn(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var qo=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short"}),In=e=>e==null?"":qo.format(new Date(e*1e3)),wt=e=>e?B(e,"star"):"no stars";var ie=32;function ke(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function Y(e,t){u[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}y()}var h=new Ce,u={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:ke("fold",!0),single:ke("single",!0),advance:ke("advance",!1),size:ke("size",innerWidth>=1900?230:190),theme:ke("theme","auto"),letters:ke("letters",!0)},St=new Set,vt=!1;function y(e){e&&Object.assign(u,e),!vt&&(vt=!0,queueMicrotask(()=>{vt=!1,Go();for(let t of St)t()}))}function qn(e){return St.add(e),()=>St.delete(e)}function R(e){y({said:e===u.said?`${e} `:e})}function de(e){e.name!=="AbortError"&&(y({problem:e.message,gone:e.gone||u.gone}),e.gone&&Zo())}var x=new Ze({changed:()=>y(),failed:de,isBack:()=>!u.gone,undone(e){if(!e.length)return R("Nothing to undo.");let t=h.rows.get(e[0]);t!==void 0&&U().where.has(t)&&te(t),R(e.length===1&&t!==void 0?`Undone: ${h.file(t)} ${Et(t)}`:`Undone for ${B(e.length,"photograph")}.`)}});function me(e){let t=null,n;return(...o)=>((!t||o.some((r,s)=>r!==t[s]))&&(t=o,n=e(...o)),n)}var Ro=me((e,t)=>bt(h,t)),Rn=me(()=>bt(h,"best")),Ho=me(e=>{let t=new Uint32Array(h.n);return Rn(e).forEach((n,o)=>t[n]=o+1),t}),Wo=me(e=>{let t=new Map;return e.forEach((n,o)=>t.set(n,o)),t}),Fo=me((e,t,n,o,r,s,a,i)=>Sn(e,h,x,{show:n,low:o,high:r,query:s,fold:a,open:i})),Qe=()=>Ko(h.version),Ko=me(()=>On(h,ie)),Xo=me((e,t,n,o)=>En(Rn(e),h,x,n,o)),Vo=new Set(["pick","reject","none","stars"]);function U(){let e=Ro(h.version,u.order),t=Vo.has(u.show)?x.version:-1,n=Fo(e,t,u.show,u.low,u.high,u.query,u.fold,u.open),o=u.keep?Xo(h.version,x.version,u.keep,u.single):new Set;return{rows:n,where:Wo(n),proposed:o}}var Hn=e=>Ho(h.version)[e];function Te(){let{pick:e,reject:t,stars:n}=x.counts,o=0;for(let r of h.bursts.values())o+=r.length;return{all:h.n,pick:e,reject:t,none:Math.max(0,h.scored-e-t),stars:n,burst:o,unlike:h.unlike,broken:h.broken}}function Et(e){let{mark:t,stars:n}=x.of(h.id[e]),o=[G(h,e)?"not scored":`score ${O(h.score[e])}`];o.push({pick:"pick",reject:"reject","":"undecided"}[t]),n&&o.push(wt(n));let r=h.burstOf(e).length;return r&&o.push(`one of a burst of ${r}`),o.join(", ")}function te(e){y({current:e,moved:!0})}function le(e){let{rows:t,where:n}=U();if(!t.length)return;let o=n.get(u.current)??0;te(t[Math.max(0,Math.min(t.length-1,o+e))])}var Bn=0;function Go(){if(!h.n)return;let{rows:e,where:t}=U();if(!u.moved&&e.length&&(u.current=e[0]),e.length&&!t.has(u.current)){let n=u.current<0?void 0:h.burstOf(u.current).find(o=>t.has(o));u.current=n??e[Math.min(e.length-1,Bn)]}Bn=t.get(u.current)??0}function Ne(e,{next:t=u.advance}={}){let n=u.current;if(n<0)return;let o=h.id[n],r=x.of(o).mark===e?"":e,{rows:s,where:a}=U(),i=s[a.get(n)+1];u.moved=!0,x.set([o],{mark:r}),R(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[r]} ${h.file(n)}`),t&&r&&i!==void 0&&te(i)}function je(e){let t=u.current;t<0||(x.set([h.id[t]],{stars:e}),R(`${h.file(t)}: ${wt(e)}`))}function Wn(){let e=[...U().proposed].map(t=>h.id[t]).filter(t=>x.of(t).mark!=="pick");e.length&&x.set(e,{mark:"pick"}),R(`Picked ${B(e.length,"photograph")}. U takes it back.`),y({keep:0})}function J(e){y(e);let{rows:t}=U();R(`${B(t.length,"photograph")} shown, ${e.order?Ge[e.order]:Ye[u.show]}.`)}function Fn(){let e=u.current;if(e<0||h.burstOf(e).length<2)return R("This photograph is in no burst.");if(!u.fold)return R("Bursts are not folded.");let t=new Set(u.open),n=h.burst[e],o=!t.delete(n);o&&t.add(n),y({open:t}),R(o?`Burst of ${h.burstOf(e).length} unfolded.`:"Burst folded.")}var Kn=()=>u.show!=="all"||u.low!==null||u.high!==null||u.query!=="";async function Yo(){for(;;){let e=await ee(`/api/photos?from=${h.n}`),t=h.append(e);if(!t.length||(x.arrive(e,t),y(),e.done))return}}var xt=!1;async function Xn(){if(!xt){xt=!0;try{for(;;){let e=await ee("/api/state"),t=u.gone;if(u.server&&e.run!==u.server.run)return await Jo(e);if(Pn(e.run),kt(e.run),y({server:e,gone:!1,problem:t?"":u.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await Yo(),e.done&&e.bursts){h.group((await ee("/api/bursts")).burst),y();break}await $e(700)}}catch(e){de(e)}finally{xt=!1}}}async function Jo(e){let t=x.waitingFor(n=>Mt(h,h.rows.get(n)));if(t.length){let n=new Ce,o=new Map,r=new Set(t.flatMap(s=>s.names));for(;n.n<e.n_photos&&r.size>o.size;){let s=n.n;n.append(await ee(`/api/photos?from=${s}`));for(let a=s;a<n.n;a++)r.has(Mt(n,a))&&o.set(Mt(n,a),n.id[a]);n.n===s&&await $e(300)}kt(e.run),await x.resend(t,o)}x.queue.length=0,location.reload()}var Mt=(e,t)=>`${e.folder[t]}/${e.name[t]}`,Ct=!1;async function Zo(){if(!Ct){for(Ct=!0;u.gone;)await $e(2500),await Xn();Ct=!1}}async function Vn(){Xn();try{await x.load()}catch(e){de(e)}}function Gn(){let e=u.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,n=e.n_photos?t/e.n_photos:0,o=e.rate?` · ${e.rate.toFixed(1)} a second`:"",r=e.seconds_left!==null&&t?` · ${Un(e.seconds_left)} left`:"";return{share:n,text:`${T(t)} of ${T(e.n_photos)} scored${o}${r}`}}var ne=8,Qo=34,Yn=320,Le={columns:1,visible:1,row:100},Jn=()=>Le.columns,Zn=()=>Math.max(Le.columns,Le.columns*Le.visible);function es(e,t){let n=Math.min(t,Math.max(100,(e-ne)/2)),o=Math.max(1,Math.floor((e+ne)/(n+ne))),r=(e-ne*(o-1))/o;return{columns:o,cell:r,row:Math.round(r*.6+Qo)+ne}}function Qn(){let e=D(null),t=D({top:0,height:600,width:800}),[,n]=ge(C=>C+1,0),{rows:o,where:r,proposed:s}=U(),{columns:a,cell:i,row:f}=es(t.current.width,u.size),_=Math.ceil(o.length/a),l=Math.ceil(t.current.height/f)+1;Object.assign(Le,{columns:a,visible:Math.max(1,l-2),row:f});let g=Math.max(0,Math.min(3,Math.floor((Yn/a-l)/2))),m=Math.max(0,Math.min(_-1,Math.floor(t.current.top/f))-g),c=Math.min(_,m+Math.min(l+2*g,Math.floor(Yn/a))),d=r.get(u.current)??-1;Q(()=>{let C=e.current,z=()=>{let q=getComputedStyle(C),v=C.clientWidth-parseFloat(q.paddingLeft)-parseFloat(q.paddingRight);(v!==t.current.width||C.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:v,height:C.clientHeight}),n())},K=new ResizeObserver(z);return K.observe(C),z(),()=>K.disconnect()},[]);let k=D({current:-1,at:-1,key:""});Q(()=>{let C=e.current,{current:z,at:K,key:q}=k.current,v=`${a} ${f}`;if(k.current={current:u.current,at:d,key:v},d<0)return;let P=Math.floor(d/a)*f,X=Math.floor(K/a)*f,F=C.clientHeight;z===u.current&&q===v&&K>=0&&X!==P?X>=C.scrollTop-f&&X<=C.scrollTop+F&&(C.scrollTop+=P-X):(z!==u.current||q!==v)&&(P<C.scrollTop?C.scrollTop=P:P+f>C.scrollTop+F-ne&&(C.scrollTop=P+f-F+ne*2))}),I(()=>e.current.focus({preventScroll:!0}),[]);let $=()=>{let C=e.current.scrollTop,z=Math.floor(C/f)!==Math.floor(t.current.top/f);t.current.top=C,z&&n()},{low:w,high:b}=Qe(),M=[],S=C=>{let z=o[C];M.push(p`<${ns}
        key=${h.id[z]}
        row=${z}
        place=${C}
        n=${a}
        cell=${i}
        height=${f}
        total=${o.length}
        low=${w}
        high=${b}
        proposed=${s.has(z)}
        current=${C===d}
        mark=${x.of(h.id[z])}
      />`)};for(let C=m*a;C<Math.min(o.length,c*a);C++)S(C);return d>=0&&(d<m*a||d>=c*a)&&S(d),p`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${d>=0?`photo-${h.id[u.current]}`:void 0}
    onScroll=${$}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,_*f)}px`}}>${M}</div>
    ${o.length===0&&p`<${ts} />`}
  </div>`}function ts(){return h.n?p`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>y({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:p`<p class="empty">
      ${u.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}function ns({row:e,place:t,n,cell:o,height:r,total:s,low:a,high:i,proposed:f,current:_,mark:l}){let g=h.id[e],m=G(h,e),c=h.score[e],d=h.burstOf(e).length,k=d>1&&u.fold&&u.open.has(h.burst[e]),$=h.familiarity[e]!==null&&h.familiarity[e]<.05,w=c===null?0:i>a?(c-a)/(i-a):1,b=["cell",l.mark,_&&"current",f&&"proposed",m&&"broken",k&&"open"],M=`translate(${t%n*(o+ne)}px, ${Math.floor(t/n)*r}px)`;return p`<div
    class=${b.filter(Boolean).join(" ")}
    id=${`photo-${g}`}
    role="option"
    aria-setsize=${s}
    aria-posinset=${t+1}
    aria-selected=${_?"true":"false"}
    data-id=${g}
    data-score=${c}
    aria-label=${`${h.name[e]}, ${Et(e)}${f?", proposed":""}${x.isKept(g)?"":", not kept yet"}`}
    style=${{transform:M,width:`${o}px`,height:`${r-ne}px`}}
    onClick=${()=>te(e)}
    onDblClick=${()=>y({large:!0,zoomed:!1})}
  >
    <div class="picture">
      ${m?p`<span class="blank">${h.error[e]||"not scored"}</span>`:p`<img
              src=${Oe(g)}
              alt=""
              decoding="async"
              draggable=${!1}
              onError=${S=>S.target.classList.add("missing")}
            />`}
      <span class="tags">
        ${l.mark==="pick"&&p`<span class="tag good"><${Xe} />pick</span>`}
        ${l.mark==="reject"&&p`<span class="tag bad"><${re} />reject</span>`}
        ${f&&l.mark!=="pick"&&p`<span class="tag">proposed</span>`}
        ${!x.isKept(g)&&p`<span class="tag warn">not kept yet</span>`}
      </span>
      <span class="tags right">
        ${d>1&&p`<span class="tag" title=${`a burst of ${d}`}><${mn} />${d}</span>`}
        ${$&&p`<span class="tag" title="unlike all anchors"><${_n} />unlike</span>`}
      </span>
      ${l.stars>0&&p`<span class="tags bottom"><span class="tag stars">${Array.from({length:l.stars},()=>p`<${Ve} />`)}</span></span>`}
    </div>
    <div class="bar"><i style=${{transform:`scaleX(${w})`}}></i></div>
    <div class="caption"><span class="name">${h.file(e)}</span><b>${m?"–":O(c)}</b></div>
  </div>`}var L=e=>(t,n)=>u.view.name==="cull"?e(t,n):!1;function ce(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var eo=e=>()=>{let{rows:t}=U();t.length&&te(t[e?t.length-1:0])};function os(){return u.zoomed?y({zoomed:!1}):u.large?y({large:!1}):u.details||u.filters?y({details:!1,filters:!1}):u.view.name!=="cull"?ce("cull"):!1}var et=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:L(e=>le(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:L(e=>le(u.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*Jn()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:L(e=>le((e==="PageUp"?-1:1)*Zn()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:L(eo(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:L(eo(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:L((e,t)=>Ne("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:L((e,t)=>Ne("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:L(e=>je(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:L(()=>je(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:L(()=>x.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:L(()=>Y("advance",!u.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:L(()=>y({large:!u.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:L(()=>y({large:!0,zoomed:!(u.large&&u.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:L(Fn)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:L(e=>Y("size",Math.max(110,Math.min(420,Math.round(u.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:L(()=>u.current>=0&&ce("one",h.id[u.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:L(()=>{y({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:L(()=>J({show:{all:"pick",pick:"reject",reject:"none"}[u.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:L(()=>J({order:{best:"worst",worst:"name",name:"time"}[u.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>y({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>y({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:os},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1}],ss=new Map(et.flatMap(e=>e.keys.map(t=>[t,e]))),rs="button, a[href], summary, input, select, textarea";function to(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(rs)}function no(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||u.view.name!=="cull"||to(e.target,"z"))return;e.preventDefault(),x.undo();return}if(u.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,n=ss.get(t);!n||to(e.target,t)||!u.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||n.run(t,e.shiftKey)!==!1&&e.preventDefault()}var as=200,ye=new Map;function Ot(e){ye.set(e.id,e),ye.size>as&&ye.delete(ye.keys().next().value)}function tt(e,t=120){let[,n]=A(null);return I(()=>{if(e==null||ye.has(e))return;let o=new AbortController,r=setTimeout(()=>{ee(`/api/explain/${e}`,o.signal).then(s=>{Ot({...s,id:e}),n(s)},de)},t);return()=>{clearTimeout(r),o.abort()}},[e,u.gone]),ye.get(e)??null}function nt({value:e,low:t,high:n}){if(e==null)return null;let[o,r]=u.server?.index?.range??[t,n],s=i=>`${Math.max(0,Math.min(100,100*(i-o)/(r-o||1)))}%`,a=t!=null;return p`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${be(e)}</b>
        ${a&&p`<span class="dim">${be(t)} to ${be(n)}, of ${be(o)} to ${be(r)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&p`<i class="span" style=${{left:s(t),right:`calc(100% - ${s(n)})`}}></i>`}<i
        class="dot"
        style=${{left:s(e)}}
      ></i>
    </div>
  </div>`}function ot({value:e}){return e==null?null:p`<div>
    <p class="line"><span>familiarity</span><b>${O(e)}</b></p>
    <p class="dim sentence">${zn(e)}</p>
  </div>`}function we({side:e,list:t,most:n,title:o,pictures:r=!0}){if(!t?.length)return null;let s=[...t].sort((l,g)=>g.weight-l.weight).slice(0,n),a=Math.max(...s.map(l=>l.weight),1e-12),i=l=>!!(l.picture??r),f=!s.some(i),_=`h-${e}`;return p`<section class=${`anchors ${e} ${f?"named":""}`} aria-labelledby=${_}>
    <h2 id=${_}>${o}</h2>
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
            <p class="figures"><b>${oo(l.rating)}</b><span class="dim"> · ${ls(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var is=e=>`${e.name}
rating ${oo(e.rating)}, weight ${W(e.weight)}, cosine ${W(e.cosine)}`,oo=e=>e==null?"–":String(Math.round(e*100)/100),ls=e=>`${(100*e).toFixed(e>=.1?0:1)}%`;function Ae({id:e,side:t=1600,wait:n=90,alt:o,label:r}){let s=D(null);return I(()=>{let a=()=>{let _=Je(e,t);_.alt=o;let l=()=>s.current?.dataset.id===String(e)&&s.current.replaceChildren(_);_.done?l():_.ready.then(()=>_.done&&l())};if(s.current.dataset.id=e,Nn(e,t))return void a();let i=new Image;i.src=Oe(e),i.alt=o,i.className="small",s.current.replaceChildren(i);let f=setTimeout(a,n);return()=>clearTimeout(f)},[e,t]),p`<div class="photograph" ref=${s} aria-label=${r}></div>`}function Pt(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Tt(){let{mark:e}=x.of(h.id[u.current]),t=(n,o,r,s)=>p`<button
      type="button"
      class=${`mark ${n}`}
      aria-pressed=${e===n?"true":"false"}
      title=${`${s} (${r})`}
      onClick=${a=>Pt(a,Ne(n))}
    >
      <${o} /><span>${s}</span>
    </button>`;return p`<div class="marks">
    ${t("pick",Xe,"P","Pick")}${t("reject",re,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${n=>Pt(n,x.undo())}
    >
      <${yn} />
    </button>
  </div>`}function Nt(){let{stars:e}=x.of(h.id[u.current]);return p`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>p`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${n=>Pt(n,je(t===e?0:t))}
        >
          <${Ve} />
        </button>`)}
  </div>`}function so(){let e=u.current,t=h.id[e],n=e>=0&&G(h,e),o=tt(e<0||n?null:t);if(e<0)return p`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:r}=U(),s=h.burstOf(e),a=n?"not scored":`${Dn(Hn(e))} of ${T(h.scored)}`;return p`<aside class="panel" aria-label="Current photograph">
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
        ><${bn} class="icon turn" />
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
        ${n?p`<span class="blank">no picture</span>`:!u.large&&p`<${Ae} id=${t} alt=${h.name[e]} />`}
      </button>
      <p class="file" title=${h.name[e]}>${h.name[e]}</p>
      ${h.taken[e]!==null&&p`<p class="dim">${In(h.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${W(h.score[e])}`}>
        <b>${O(h.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${Tt} /><${Nt} /></div>
    <div class="whole">
      ${n&&p`<p class="warn">Not scored: ${h.error[e]}</p>`}
      <${nt} value=${h.opinion[e]} low=${h.low[e]} high=${h.high[e]} />
      <${ot} value=${h.familiarity[e]} />
      <${we}
        side="good"
        list=${o?.good}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${we}
        side="bad"
        list=${o?.bad}
        most=${5}
        pictures=${o?.anchors_have_pictures}
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
                    <img src=${Oe(h.id[i])} alt="" /><span>${O(h.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${s.length>12&&p`<p class="dim">and ${T(s.length-12)} more</p>`}
        </section>`}
      ${!n&&p`<button type="button" class="wide" onClick=${()=>ce("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function cs(e,t){t.has(e)||y({open:new Set(u.open).add(h.burst[e])}),te(e)}function ro(){let e=D(null),t=D(null),n=u.current,o=h.id[n],{rows:r,where:s}=U(),a=s.get(n)??0;Q(()=>(e.current.showModal(),e.current.focus(),()=>document.getElementById("grid")?.focus({preventScroll:!0})),[]),I(()=>{for(let l of[a+1,a-1,a+2]){let g=r[l];g!==void 0&&!G(h,g)&&Je(h.id[g])}},[o]),Q(()=>{let l=t.current;u.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[u.zoomed,o]);let i=D(null),f=l=>{let g=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+g.scrollLeft,y:l.clientY+g.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&u.zoomed){let m=i.current.x-l.clientX,c=i.current.y-l.clientY;Math.abs(m-g.scrollLeft)+Math.abs(c-g.scrollTop)>3&&(i.current.moved=!0),g.scrollTo(m,c)}else if(l.type==="pointerup"){let m=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!u.zoomed&&l.pointerType==="touch"&&Math.abs(m)>40?le(m<0?1:-1):i.current&&!i.current.moved&&y({zoomed:!u.zoomed}),i.current=null}},_=x.isKept(o);return p`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${h.name[n]}, large`}
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
      ${G(h,n)?p`<p class="blank">Not scored: ${h.error[n]}</p>`:p`<${Ae}
              key=${u.zoomed}
              id=${o}
              side=${u.zoomed?3200:1600}
              wait=${0}
              alt=${h.name[n]}
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
        <${gn} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=r.length-1}
        onClick=${()=>le(1)}
      >
        <${$n} />
      </button>
      <p class="about">
        <b>${O(h.score[n])}</b> <span class="file">${h.file(n)}</span>
        <span class="dim">${T(a+1)} of ${T(r.length)}</span
        >${!_&&p` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Tt} /><${Nt} />
      <button
        type="button"
        class="round"
        aria-pressed=${u.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>y({zoomed:!u.zoomed})}
      >
        <${kn} />
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
  </dialog>`}function ao(){let e=Te();return p`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${u.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>y({filters:!u.filters})}
    >
      <${Mn} />Filter, order, keep
      <span class="pill"
        >${Kn()?`${T(U().rows.length)} shown`:`${B(e.pick,"pick")}, ${B(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts"><${us} /><${ps} /><${fs} /><${hs} /></div>
  </aside>`}function us(){let e=D(null),t=D(null),{low:n,high:o,counts:r}=Qe(),s=Math.max(1,...r),a=(o-n)/ie,i=u.low??n,f=u.high??o,_=d=>d<=0||d>=ie?null:n+d*a,l=d=>{let{left:k,width:$}=e.current.getBoundingClientRect();return Math.max(0,Math.min(ie-1,Math.floor((d.clientX-k)/$*ie)))},g=d=>{if(d.type==="pointerdown"&&(d.currentTarget.setPointerCapture(d.pointerId),t.current=l(d)),t.current===null)return;let[k,$]=[t.current,l(d)].sort((w,b)=>w-b);y({low:_(k),high:_($+1)}),d.type==="pointerup"&&(t.current=null,J({}))},m=(d,k)=>{let $=Number(k);d==="low"?J({low:$<=0?null:Math.min(n+$*a,f)}):J({high:$>=ie?null:Math.max(n+$*a,i)})},c=(d,k,$)=>p`<input
      type="range"
      class=${d}
      min="0"
      max=${ie}
      step="0.25"
      value=${(k-n)/(a||1)}
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
            class=${n+(k+.5)*a>=i&&n+(k+.5)*a<=f?"in":""}
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
  </section>`}function ps(){let e=Math.max(1,h.scored),t=o=>y({keep:Math.max(0,Math.min(e,Math.round(Number(o)||0)))}),n=U().proposed.size;return p`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${u.keep}
        onInput=${o=>t(o.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(u.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${u.keep}`}
      onInput=${o=>t((o.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${u.single} onChange=${o=>Y("single",o.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!n} onClick=${Wn}>
      ${n?`Pick the best ${T(n)}`:"Pick the best"}
    </button>
  </section>`}function fs(){let e=Te();return p`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(Ye).map(([t,n])=>(e[t]>0||["all","pick","reject","none",u.show].includes(t))&&p`<label key=${t} class=${u.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${u.show===t}
              onChange=${()=>J({show:t})}
            />
            <span>${n}</span><span class="dim" id=${`n-${t}`}>${T(e[t])}</span></label
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
      ${Object.entries(Ge).map(([e,t])=>p`<option key=${e} value=${e} selected=${u.order===e}>${t}</option>`)}
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
  </section>`}function io(){return p`<div class=${`cull ${u.filters?"with-filters":""} ${u.details?"with-details":""}`}>
    <${ao} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${Qn} /></main>
    <${so} />
    ${u.large&&p`<${ro} />`}
  </div>`}function co({title:e,children:t}){let n=D(null);Q(()=>{let r=document.activeElement;return n.current.showModal(),()=>(r?.isConnected?r:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let o=()=>y({dialog:""});return p`<dialog
    class="box"
    ref=${n}
    aria-labelledby="h-dialog"
    onClose=${o}
    onClick=${r=>r.target===n.current&&o()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${o}>
          <${re} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function uo(){let e=[...new Set(et.map(t=>t.group))];return p`<${co} title="All keys">
    <div class="keys">
      ${e.map(t=>p`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${et.filter(n=>n.group===t).map(n=>p`<div key=${n.text}>
                    <dt>${n.label.map(o=>o==="…"?"–":p`<kbd>${o}</kbd> `)}</dt>
                    <dd>${n.text}</dd>
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
  <//>`}var ds={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},lo={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function po(){let[e,t]=A({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[n,o]=A(null),[r,s]=A(!1),a=c=>{t({...e,...c}),o(null)},i=Te(),f={picks:i.pick,rejects:i.reject,all:i.all},_={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=c=>`${lo[c]}${f[c]===void 0?"":` (${T(f[c])})`}`,g=e.what==="links"||e.what==="copies";return p`<${co} title="Export">
    <form onSubmit=${async c=>{c.preventDefault(),s(!0);try{let d={what:e.what,only:e.only};e.what==="xmp"&&(d.xmp_name=e.xmp_name),g&&(d.folder=e.folder);let k=await Pe("/api/export",d);o(k),R(`Wrote ${k.written} to ${k.where}.`)}catch(d){o({error:d.message})}s(!1)}}>
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
          ${Object.keys(lo).map(c=>p`<option key=${c} value=${c} selected=${e.only===c}>${l(c)}</option>`)}
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
        <button type="submit" class="main" disabled=${r||x.queue.length>0}>
          ${r?"Writing…":"Write"}
        </button>
      </p>
      ${x.queue.length>0&&p`<p class="warn">${B(x.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${n&&p`<div class="answer" role="status">
        ${n.error?p`<p class="warn">${n.error}</p>`:p`<p>${`Wrote ${B(n.written,_)} to `}<span class="path">${n.where}</span></p>
                ${n.skipped?.length>0&&p`<p>Left as they are: ${T(n.skipped.length)}</p>
                    <ul class="skipped">
                      ${n.skipped.slice(0,50).map(c=>p`<li key=${c}>${c}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var jt=(e,t,n)=>1/(1+Math.exp((t-e)/n));function ms(e,t,n,o){let r=1-o,s=Math.sqrt(o*o+r*r+2*o*r*n);return s>0?(o*e+r*t)/s:0}var Lt=e=>e.top_k.k.length+(e.whole?1:0),At=(e,t)=>t>=e.top_k.k.length;function Dt(e,t,n=1){let o=At(e,t),r=s=>{let a=o?e.whole[s]:e.top_k[s][t],i=o?e.whole[`${s}_to_mean`]:e.top_k[`${s}_to_mean`][t];return n>=1?a:ms(a,e.mean[s],i,n)};return jt(r("good"),r("bad"),e.temperature)}function ho(e){let[t,n=""]=e.method.split(/:(.*)/s),o=Object.fromEntries(n.split(",").map(i=>i.split("="))),r={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",s=e.top_k.k,a=t==="retrieval"&&!o.top_k&&e.whole;return{kind:o.mode==="joint"?"":r,k:a?s.length:fo(s,Number(o.top_k??Math.min(16,s.length))),offset:e.offset?fo(e.offset.offset,Number(o.offset??.2)):0,blend:Number(o.blend??1)}}var Ut=(e,t)=>jt(e.offset.good[t],e.offset.bad[t],e.temperature),zt=e=>jt(e.mean.good,e.mean.bad,e.temperature);function fo(e,t){let n=0;for(let o=1;o<e.length;o++)Math.abs(e[o]-t)<Math.abs(e[n]-t)&&(n=o);return n}var Z=1e3,mo=(e,t)=>Math.round(Math.exp(e/Z*Math.log(t))-1),It=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*Z:0;function Bt(e,t,n,o,r,s){let a=[],i=-10;for(let f=0;f<e;f++){let _=t(f);if(_-i<Z/300&&f<e-1)continue;i=_;let l=s-(n(f)-o)/(r-o||1)*s;a.push(`${a.length?"L":"M"}${_.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var ue=300;function go({why:e}){return e.curves?p`<${_s} why=${e} />`:p`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function _s({why:e}){let{curves:t,commands:n}=e,[o]=A(()=>ho(t)),[r,s]=A(o.kind||"top_k"),[a,i]=A(o.k),[f,_]=A(o.offset),[l,g]=A(o.blend),m=Lt(t),c=v=>{s("top_k"),i(v)},d=v=>c(P=>Math.max(0,Math.min(m-1,P+v)));I(()=>{let v=P=>{P.key!=="["&&P.key!=="]"||P.target.matches("input:not([type=range], [type=radio]), textarea")||d(P.key==="]"?1:-1)};return addEventListener("keydown",v),()=>removeEventListener("keydown",v)},[t]);let k=Ke(()=>gs(t,l),[t,l]),$={mean:zt(t),top_k:Dt(t,a,l),offset:t.offset&&Ut(t,f)},w=At(t,a),b=w?"all":t.top_k.k[a],M=t.offset?.offset[f],S={mean:"mean of all",top_k:w?"all by likeness":`the ${T(b)} nearest a side`,offset:`offset ${O(M??0)}`},C=v=>v?.replace("{k}",b).replace("{offset}",String(M)).replace("{blend}",String(l)),z=`${w?"whole":"top_k"}${l<1?"_blend":""}`,K={mean:n.mean,offset:C(n.offset),top_k:C(n[z])}[r],q={mean:o.kind==="mean",offset:o.kind==="offset"&&f===o.offset,top_k:o.kind==="top_k"&&a===o.k&&l===o.blend};return p`<section class="ways" aria-labelledby="h-ways">
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
              <span>${S[v]}${q[v]?" (in force)":""}</span><b>${W($[v])}</b></label
            >`)}
    </fieldset>
    <${_o}
      title="Anchors a side (k)"
      kind="top_k"
      d=${k.top_k}
      drawn=${k}
      at=${It(a,m)}
      score=${$.top_k}
      ends=${[1,t.whole?"all":T(m)]}
      text=${`k = ${b}, score ${W($.top_k)}`}
      onStep=${v=>c(mo(v,m))}
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
    ${t.offset&&p`<${_o}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${k.offset}
        drawn=${k}
        at=${f/Math.max(1,t.offset.offset.length-1)*Z}
        score=${$.offset}
        ends=${[O(t.offset.offset[0]),O(t.offset.offset.at(-1))]}
        text=${`offset = ${M}, score ${W($.offset)}`}
        onStep=${v=>{s("offset"),_(Math.round(v/Z*(t.offset.offset.length-1)))}}
        onKey=${v=>{s("offset"),_(P=>Math.max(0,Math.min(t.offset.offset.length-1,P+v)))}}
      />`}
    <${qt} text=${K} label="The command that gives this number" id="way-command" />
  </section>`}function gs(e,t){let{offset:n}=e,o=Lt(e),r=n?.offset.length??0,s=[];for(let l=0;l<o;l++)s.push(Dt(e,l,t));for(let l=0;l<r;l++)s.push(Ut(e,l));s.push(zt(e));let a=Math.min(...s),i=Math.max(...s),f=(a+i)/2,_=Math.max((i-a)*.55,.05);return a=Math.max(0,f-_),i=Math.min(1,f+_),{low:a,up:i,top_k:o?Bt(o,l=>It(l,o),l=>s[l],a,i,ue):"",offset:r?Bt(r,l=>l/Math.max(1,r-1)*Z,l=>s[o+l],a,i,ue):""}}function _o({title:e,kind:t,d:n,drawn:o,at:r,score:s,ends:a,text:i,onStep:f,onKey:_}){let l=ue-(s-o.low)/(o.up-o.low)*ue,g={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},m=c=>{c.key in g&&(c.preventDefault(),_(g[c.key]))};return p`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${Z} ${ue}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${Z} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${Z} y1=${ue} y2=${ue} />
      <path d=${n} />
      <line class="cursor" x1=${r} x2=${r} y1="0" y2=${ue} />
      <line class="level" x1="0" x2=${r} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${O(o.up)}</span><span class="low dim">${O(o.low)}</span>
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
  </div>`}var $o=new Map,$s="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",bs=64*2**20;function bo({id:e}){let[t,n]=A(""),[o,r]=A(""),[s,a]=A(!1),i=D(null),f=tt(e,0),_=h.rows.get(e),l=$o.get(e)??(_===void 0?"":h.name[_]),g=async m=>{if(m){if(m.size>bs)return r("The image is larger than 64 MB: save a smaller one.");r(""),n(m.name||"the image");try{let c=await An("/api/images",m);Ot(c),$o.set(c.id,m.name||"pasted image"),ce("one",c.id),R(`Score ${W(c.score)}`)}catch(c){c.gone?de(c):r(c.message)}n("")}};return I(()=>{let m=b=>[...b?.files??[]][0],w={paste:b=>{let M=m(b.clipboardData);M&&b.preventDefault(),g(M)},drop:b=>{b.preventDefault(),a(!1),g(m(b.dataTransfer))},dragover:b=>{b.preventDefault(),a(!0)},dragleave:b=>b.relatedTarget===null&&a(!1)};for(let[b,M]of Object.entries(w))addEventListener(b,M);return()=>Object.entries(w).forEach(([b,M])=>removeEventListener(b,M))},[]),I(()=>document.getElementById("content").focus({preventScroll:!0}),[]),p`<main
    id="content"
    class=${`one ${s?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&p`<div class="preview"><${Ae} id=${e} wait=${0} alt=${l} /></div>`}
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
      ${o&&p`<p class="warn" role="alert">${o}</p>`}
      ${f&&p`<div class="number">
            <p class="score"><b id="score">${W(f.score)}</b> <span class="dim">${f.curves?.method}</span></p>
          </div>
          <${nt} value=${f.opinion} low=${f.low} high=${f.high} />
          <${ot} value=${f.familiarity} />
          <${qt} text=${f.commands?.now} label="The command that gives this score" id="command" />`}
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
            <${go} key=${e} why=${f} />`:e!==null&&p`<p class="empty" role="status">Asking why…</p>`}
  </main>`}function qt({text:e,label:t,id:n}){let[o,r]=A(!1);return e?p`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${n}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${o?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),r(!0),R("Copied."),setTimeout(()=>r(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(n)),R("Selected: copy it with the keys of your system.")}}}
      >
        <${xn} />
      </button>
    </div>
  </div>`:null}var ko={cull:"Cull",one:"One image"};function yo(){let[e,t]=location.hash.slice(1).split("/");y({view:ko[e]?{name:e,id:t?Number(t):null}:{name:"cull",id:null},large:!1,dialog:""})}var ks=()=>u.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:u.theme==="dark";function wo(){let{theme:e}=u;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function ys(){let{server:e,view:t}=u,n=e?.index,o=Gn(),r=ks(),s=`${B(h.n,"photograph")}${h.unlike?` · ${T(h.unlike)} unlike the anchors`:""}`;return p`<header class="top">
    <a class="skip" href="#content" onClick=${ws}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${n&&p`<p class="pill" title=${n.description}>${n.name} · ${n.method} · ${B(n.n_good+n.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(ko).map(([a,i])=>p`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${f=>a==="one"&&u.current>=0&&(f.preventDefault(),ce("one",h.id[u.current]))}
            >${i}</a
          >`)}
    </nav>
    ${o&&p`<div class="progress">
        <progress max="1" value=${o.share} aria-label="Scoring"></progress><span>${o.text}</span>
      </div>`}
    <div class="right">
      ${!o&&e&&p`<p class="pill counts">${s}</p>`}
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
        <${r?vn:wn} />
      </button>
    </div>
  </header>`}function ws(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function vs(){let e=x.queue.length;return u.problem?p`<div class="problem" role="alert">
    <p>
      ${u.problem}${e?` ${B(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>y({problem:""})}>Dismiss</button>
  </div>`:null}function xs(){let e=(t,...n)=>p`<span>${n.map(o=>o==="–"?"–":p`<kbd>${o}</kbd>`)} ${t}</span>`;return p`<footer>
    ${u.view.name==="cull"?p`<p class="hints">
            ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("undo","U")}
            ${e("stars","1","–","5")}${e("large","Space")}${e("burst","B")}${e("why","Enter")}${e("all keys","?")}
          </p>`:p`<p class="hints">${e("anchors a side","[","]")}${e("back","Esc")}${e("all keys","?")}</p>`}
    <p class="store">
      Nothing is ever
      deleted${u.server&&p` · marks are kept in <span class="path">${u.server.store}</span>`}
    </p>
  </footer>`}function Ms(){let[,e]=ge(t=>t+1,0);return I(()=>qn(e),[]),I(wo,[u.theme]),p`<${ys} /><${vs} />
    ${u.view.name==="one"?p`<${bo} id=${u.view.id} />`:p`<${io} />`}
    <${xs} />
    ${u.dialog==="keys"&&p`<${uo} />`} ${u.dialog==="export"&&p`<${po} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${u.said}</p>`}wo();yo();addEventListener("hashchange",yo);addEventListener("keydown",no);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>y());addEventListener("beforeunload",e=>x.queue.length&&e.preventDefault());ft(p`<${Ms} />`,document.getElementById("app"));Vn();
